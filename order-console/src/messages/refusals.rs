//! Why a request is not answered.

/// Why a request is not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    pub(crate) title: &'static str,
    pub(crate) detail: &'static str,
}

pub(crate) const LOG_IN: Refused = Refused {
    title: "Log in first",
    detail: "This needs somebody who is logged in. Log in, then try again.",
};
pub(crate) const NOT_THROUGH_PROXY: Refused = Refused {
    title: "Not through the proxy",
    detail: "Who comes in is told by the proxy before the console, and this request does not come \
             from it or has no name. Open the proxy's address. If this is it, its address or its \
             header differs from the configuration.",
};
pub(crate) const NOT_THIS_HOST: Refused = Refused {
    title: "Not under this name",
    detail: "Without a login the console answers only to requests for this machine itself. \
             Open it as http://127.0.0.1 or http://localhost, with its port.",
};
pub(crate) const FROM_ELSEWHERE: Refused = Refused {
    title: "Not from another site",
    detail: "The request came from a page of another site, so nothing was done. Open the console \
             itself and try again. Behind a proxy, the proxy must pass the Host header on.",
};
pub(crate) const TOO_MANY_LOGINS: Refused = Refused {
    title: "Too many wrong passwords",
    detail: "Wait as long as Retry-After says, then try again.",
};
pub(crate) const UNREADABLE_FORM: Refused = Refused {
    title: "The form cannot be read",
    detail: "It is too large or broken, so nothing was done. Go back and try again.",
};
pub(crate) const STALE_FORM: Refused = Refused {
    title: "The page is too old",
    detail: "The form does not belong to this login, perhaps because the page was open for long. \
             Nothing was done. Go back, load the page again and repeat it.",
};
pub(crate) const VIEWERS_LOOK: Refused = Refused {
    title: "Only operators may do this",
    detail: "You may look, but not change anything, so nothing was done. Ask an operator.",
};
pub(crate) const NO_PAGE: Refused = Refused {
    title: "There is no such page",
    detail: "Check the address, or begin at the orders.",
};
pub(crate) const TOO_SLOW: Refused = Refused {
    title: "It took too long",
    detail: "The database did not answer in time. Try again in a moment.",
};

pub(crate) const WRONG_LOGIN: &str = "The name or the password is wrong.";

pub(crate) fn login_wait(seconds: u64) -> String {
    format!("Too many wrong passwords. Try again in {seconds} s.")
}
