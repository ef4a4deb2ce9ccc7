use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::super::signature::sign;
use super::*;

const BODY: &[u8] = br#"{"event":"complete"}"#;

fn client() -> WebhookClient {
    WebhookClient::new(TargetPolicy::AllowPrivate).unwrap()
}

/// A client that loses patience soon. Only for servers that never answer: nothing races against these limits.
fn impatient_client() -> WebhookClient {
    let short = Duration::from_millis(50);
    let limits = Limits { connect: TOTAL_TIMEOUT, total: short, drain: short };
    WebhookClient::with_limits(TargetPolicy::AllowPrivate, limits).unwrap()
}

async fn deliver(client: &WebhookClient, url: &str) -> Result<Delivered, DeliveryError> {
    let headers = sign("secret", "evt_1", 1_795_508_685, BODY);
    client.deliver(&Url::parse(url).unwrap(), &headers, Bytes::from_static(BODY)).await
}

/// Serves one connection on a thread, and gives the server's base URL and what `serve` returned.
fn server<T: Send + 'static>(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?key=k", listener.local_addr().unwrap());
    (url, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// Waits for a server's thread, while the runtime goes on to close the client's connections.
async fn joined<T: Send + 'static>(server: JoinHandle<T>) -> T {
    tokio::task::spawn_blocking(|| server.join().unwrap()).await.unwrap()
}

/// Reads one request whose body is [`BODY`].
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(BODY) {
        let count = stream.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the request ended early");
        request.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(request).unwrap()
}

/// Answers one request with `answer`, and gives the request.
fn answering(answer: &'static str) -> (String, JoinHandle<String>) {
    server(move |mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        request
    })
}

#[tokio::test]
async fn a_delivery_is_one_signed_post() {
    let (url, server) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 204 }));

    let request = joined(server).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let signed = sign("secret", "evt_1", 1_795_508_685, BODY);
    assert!(head.starts_with("POST /hook?key=k HTTP/1.1\r\n"), "{head}");
    for (name, value) in signed.pairs() {
        let line = format!("{}: {value}", name.to_lowercase());
        assert!(head.lines().any(|other| other == line), "{line} is not in {head}");
    }
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nuser-agent: liveness/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert_eq!(body.as_bytes(), BODY);
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_short_answer() {
    let (url, server) = server(|mut stream| {
        for _ in 0..2 {
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    });
    let client = client();
    assert_eq!(deliver(&client, &url).await, Ok(Delivered { status: 200 }));
    assert_eq!(deliver(&client, &url).await, Ok(Delivered { status: 200 }));
    joined(server).await;
}

#[tokio::test]
async fn failures_are_told_apart_by_status() {
    let status = |status, seconds: Option<u64>| {
        Err(DeliveryError::Status { status, retry_after: seconds.map(Duration::from_secs) })
    };
    for (answer, expected) in [
        ("HTTP/1.1 299 Fine\r\nContent-Length: 0\r\n\r\n", Ok(Delivered { status: 299 })),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", Err(DeliveryError::Redirect(304))),
        ("HTTP/1.1 400 Bad Request\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", status(400, None)),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Err(DeliveryError::Gone)),
        ("HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n", status(429, Some(9))),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", status(500, None)),
        ("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", status(503, None)),
        (
            "HTTP/1.1 503 Later\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n",
            status(503, Some(3600)),
        ),
        ("nonsense\r\n\r\n", Err(DeliveryError::Other("the connection ended before a whole answer"))),
    ] {
        let (url, server) = answering(answer);
        assert_eq!(deliver(&client(), &url).await, expected, "{answer:?}");
        joined(server).await;
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let place = inside.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let (url, server) = server(move |mut stream| {
            read_request(&mut stream);
            write!(
                stream,
                "HTTP/1.1 {status} Moved\r\nLocation: http://{place}/\r\nContent-Length: 0\r\n\r\n"
            )
            .unwrap();
        });
        assert_eq!(deliver(&client(), &url).await, Err(DeliveryError::Redirect(status)));
        joined(server).await;
    }
    assert_eq!(inside.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let (url, server) = server(|mut stream| {
        let mut sink = Vec::new();
        stream.read_to_end(&mut sink).unwrap();
    });
    assert_eq!(deliver(&impatient_client(), &url).await, Err(DeliveryError::Timeout));
    joined(server).await;
}

#[tokio::test]
async fn an_endless_body_is_cut_and_the_status_counts() {
    let (url, server) = server(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        // Ends with an error as soon as the client has closed the connection.
        while stream.write_all(b"5\r\nagain\r\n").is_ok() {}
    });
    assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 200 }));
    joined(server).await;
}

#[tokio::test]
async fn a_body_that_never_comes_does_not_change_the_outcome() {
    let (url, server) = server(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n").unwrap();
        let mut sink = Vec::new();
        stream.read_to_end(&mut sink).unwrap();
    });
    let limits = Limits { drain: Duration::from_millis(20), ..LIMITS };
    let client = WebhookClient::with_limits(TargetPolicy::AllowPrivate, limits).unwrap();
    let outcome = deliver(&client, &url).await;
    assert_eq!(outcome, Err(DeliveryError::Status { status: 500, retry_after: None }));
    joined(server).await;
}

#[tokio::test]
async fn a_closed_port_is_a_refused_connection() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = deliver(&client(), &format!("http://{address}/")).await;
    assert_eq!(outcome, Err(DeliveryError::Connect(io::ErrorKind::ConnectionRefused)));
    assert_eq!(outcome.unwrap_err().to_string(), "cannot connect: connection refused");
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let (url, server) = server(|mut stream| {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let outcome = deliver(&client(), &url.replace("http:", "https:")).await;
    assert_eq!(outcome, Err(DeliveryError::Tls(TlsFault::NotTls)));
    joined(server).await;
}

/// A label of more than 63 characters cannot be asked for, so this needs no name server.
#[tokio::test]
async fn a_name_that_does_not_exist_is_a_dns_failure() {
    let url = format!("http://{}.invalid/", "a".repeat(64));
    assert_eq!(deliver(&client(), &url).await, Err(DeliveryError::Dns));
}

#[tokio::test]
async fn a_target_inside_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = WebhookClient::new(TargetPolicy::PublicOnly).unwrap();
    for host in ["127.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "localhost", "localhost."] {
        let outcome = deliver(&client, &format!("https://{host}:{port}/")).await;
        assert!(matches!(outcome, Err(DeliveryError::Refused(_))), "{host}: {outcome:?}");
    }
    let outcome = deliver(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, Err(DeliveryError::Refused(UrlRefusal::PlainHttp)));
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
}

/// The URL's own check knows `localhost` by name, so this goes past it: what counts is where a name leads.
#[tokio::test]
async fn a_name_that_resolves_inside_is_refused_at_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = WebhookClient::new(TargetPolicy::PublicOnly).unwrap();
    let headers = sign("secret", "evt_1", 1_795_508_685, BODY);
    let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
    let outcome = client.post(&url, &headers, Bytes::from_static(BODY)).await;
    assert_eq!(outcome, Err(DeliveryError::RefusedAddress));
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_name_that_resolves_inside_is_called_where_that_is_allowed() {
    let (url, server) = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let url = url.replace("127.0.0.1", "localhost");
    assert_eq!(deliver(&client(), &url).await, Ok(Delivered { status: 200 }));
    joined(server).await;
}

#[test]
fn only_the_public_addresses_of_a_name_are_kept() {
    let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
    let found = ["10.0.0.1", "93.184.215.14", "fd00::1", "2606:4700::1", "::ffff:127.0.0.1"].map(address);
    let judge = |policy| JudgingResolver { policy }.judge(found.into_iter());
    let public = vec![address("93.184.215.14"), address("2606:4700::1")];
    assert_eq!(judge(TargetPolicy::PublicOnly), Ok(public));
    assert_eq!(judge(TargetPolicy::AllowPrivate), Ok(found.to_vec()));

    let resolver = JudgingResolver { policy: TargetPolicy::PublicOnly };
    assert_eq!(resolver.judge([address("10.0.0.1")].into_iter()), Err(ResolveError::NotPublic));
    assert_eq!(resolver.judge(std::iter::empty()), Err(ResolveError::NotFound));
}

#[test]
fn retry_after_is_seconds_or_a_date_and_is_clamped() {
    let now = SystemTime::from(DateTime::parse_from_rfc3339("2026-11-23T08:24:45Z").unwrap());
    let read = |text: &'static str| read_retry_after(&HeaderValue::from_static(text), now);
    assert_eq!(read("0"), Some(Duration::ZERO));
    assert_eq!(read(" 120 "), Some(Duration::from_secs(120)));
    assert_eq!(read("86400"), Some(MAX_RETRY_AFTER));
    assert_eq!(read("18446744073709551616"), Some(MAX_RETRY_AFTER));
    assert_eq!(read("Mon, 23 Nov 2026 08:25:00 GMT"), Some(Duration::from_secs(15)));
    assert_eq!(read("Tue, 23 Nov 2027 08:25:00 GMT"), Some(MAX_RETRY_AFTER));
    assert_eq!(read("Mon, 23 Nov 2026 08:24:00 GMT"), None);
    for nonsense in ["", "-1", "+5", "1.5", "soon"] {
        assert_eq!(read(nonsense), None, "{nonsense:?}");
    }
}

#[tokio::test]
async fn no_text_tells_the_url_or_the_secret() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = deliver(&client(), &format!("http://{address}/hook?key=hush")).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hush") && !text.contains("secret"), "{text}");
}

#[test]
fn tls_faults_name_what_to_mend() {
    for (error, expected) in [
        (CertificateError::Expired, TlsFault::Expired),
        (CertificateError::NotValidYet, TlsFault::NotYetValid),
        (CertificateError::NotValidForName, TlsFault::WrongHost),
        (CertificateError::UnknownIssuer, TlsFault::UnknownIssuer),
        (CertificateError::Revoked, TlsFault::Revoked),
        (CertificateError::BadSignature, TlsFault::Certificate),
    ] {
        assert_eq!(TlsFault::from(&rustls::Error::InvalidCertificate(error)), expected);
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_an_error() {
    let headers = sign("secret", "evt\n1", 0, BODY);
    assert!(matches!(header_map(&headers), Err(DeliveryError::Other(_))));
}
