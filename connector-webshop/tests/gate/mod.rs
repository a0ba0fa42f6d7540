//! A proxy between the connector and the shop that makes things go wrong.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use order_core::testkit::contract::NextFault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A proxy on a port of its own. Dropping it ends it.
pub(crate) struct Gate {
    pub(crate) url: String,
    faults: Arc<Faults>,
    serving: tokio::task::JoinHandle<()>,
}

struct Faults {
    host: String,
    next: Mutex<Option<NextFault>>,
    revoked: Mutex<bool>,
}

/// A request's answer, or a fault's.
type Reply = (u16, Vec<(String, String)>, Vec<u8>);

impl Gate {
    /// In front of the shop at this host.
    pub(crate) async fn start(host: &str) -> Self {
        let faults = Arc::new(Faults {
            host: host.to_owned(),
            next: Mutex::new(None),
            revoked: Mutex::new(false),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&faults));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            faults,
            serving,
        }
    }

    pub(crate) fn inject(&self, fault: NextFault) {
        if fault == NextFault::CredentialsRevoked {
            *self.faults.revoked.lock().unwrap() = true;
        } else {
            *self.faults.next.lock().unwrap() = Some(fault);
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Faults {
    fn take(&self, mutation: bool) -> Option<NextFault> {
        let mut next = self.next.lock().unwrap();
        let fault = (*next)?;
        if mutation == (fault == NextFault::GarbledRead) {
            return None;
        }
        next.take()
    }

    /// Hands a request on as it is (the signature covers the Host header), and its answer back.
    async fn forward(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Reply {
        let mut stream = tokio::net::TcpStream::connect(&self.host).await.unwrap();
        let mut uri = uri.to_string();
        let mut body = String::from_utf8(body.to_vec()).unwrap();
        let mut token = "";
        if *self.revoked.lock().unwrap() {
            // Credentials that the shop does not have: it refuses in its own words.
            uri = uri.replace("oauth_consumer_key=ck_", "oauth_consumer_key=ck_no");
            body = body.replace(r#""client_secret":""#, r#""client_secret":"no"#);
            token = "no";
        }
        let mut request = format!(
            "{method} {uri} HTTP/1.0\r\ncontent-length: {}\r\n",
            body.len()
        );
        for name in [
            "host",
            "authorization",
            "content-type",
            "accept",
            "user-agent",
        ] {
            if let Some(value) = headers.get(name) {
                let end = if name == "authorization" { token } else { "" };
                request.push_str(&format!("{name}: {}{end}\r\n", value.to_str().unwrap()));
            }
        }
        // In one piece: PHP's own server does not wait for the rest of a head.
        request.push_str(&format!("\r\n{body}"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let kind = ("content-type".to_owned(), "application/json".to_owned());
        (head[9..12].parse().unwrap(), vec![kind], body.into())
    }

    async fn handle(
        &self,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<Reply> {
        let page = || {
            let text = b"<br /><b>Warning</b>: something in plugin.php on line 7";
            (200, vec![], text.to_vec())
        };
        if uri.path().ends_with("/oauth/token") {
            return Some(self.forward(&method, &uri, &headers, &body).await);
        }
        let reads = method == Method::GET || uri.path().contains("/search/");
        match self.take(!reads) {
            None => Some(self.forward(&method, &uri, &headers, &body).await),
            Some(NextFault::Throttled) => {
                Some((429, vec![("retry-after".into(), "1".into())], vec![]))
            }
            Some(NextFault::ServerErrorNotApplied) => Some((503, vec![], vec![])),
            Some(NextFault::GarbledRead) => Some(page()),
            Some(fault) => {
                self.forward(&method, &uri, &headers, &body).await;
                match fault {
                    NextFault::LostReply => None,
                    NextFault::Garbled => Some(page()),
                    _ => Some((500, vec![], vec![])),
                }
            }
        }
    }
}

async fn handle(
    State(faults): State<Arc<Faults>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // On a task of its own: the shop goes on when the caller gives up.
    let reply = tokio::spawn(async move { faults.handle(method, uri, headers, body).await })
        .await
        .unwrap();
    let Some((status, headers, body)) = reply else {
        return std::future::pending().await;
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        let name = axum::http::HeaderName::try_from(name).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
