// Keeps a page up to date and fills the clipboard. Pages work without it.
"use strict";

(() => {
  const main = document.getElementById("main");
  const address = main && main.dataset.live;

  // Somebody who is ticking, typing or reading a detail is not disturbed.
  const isBusy = () =>
    main.querySelector("input[type=checkbox]:checked, details[open]") !== null ||
    (main.contains(document.activeElement) &&
      document.activeElement.matches("input, select, textarea"));

  let wanted = false;
  let loading = false;

  const renew = async () => {
    if (loading || document.hidden || isBusy()) {
      wanted = true;
      return;
    }
    wanted = false;
    loading = true;
    try {
      const answer = await fetch(window.location.href, { credentials: "same-origin" });
      if (answer.redirected) {
        window.location.reload();
        return;
      }
      const text = await answer.text();
      if (answer.ok && !isBusy()) {
        const page = new DOMParser().parseFromString(text, "text/html");
        const fresh = page.getElementById("main");
        const focused = document.activeElement && document.activeElement.getAttribute("href");
        if (fresh) {
          main.replaceChildren(...fresh.childNodes);
          if (focused) {
            const again = [...main.querySelectorAll("a[href]")].find(
              (link) => link.getAttribute("href") === focused,
            );
            if (again) again.focus({ preventScroll: true });
          }
        }
      }
    } catch {
      // The server is away; the event source comes back by itself.
    } finally {
      loading = false;
    }
  };

  if (address && window.EventSource) {
    let known = null;
    const source = new EventSource(address);
    source.addEventListener("revision", (event) => {
      if (known !== null && known !== event.data) renew();
      known = event.data;
    });
    const later = () => {
      if (wanted) renew();
    };
    document.addEventListener("visibilitychange", later);
    window.setInterval(later, 5000);
    window.setInterval(renew, 60000);
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    if (!field || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", () => navigator.clipboard.writeText(field.value));
  }
})();
