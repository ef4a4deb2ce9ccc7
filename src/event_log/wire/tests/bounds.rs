//! Many clients, slow ones and dead ones.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use super::super::limits::{MAX_READS, MAX_SUBSCRIPTIONS};
use super::*;

use ReadDirection::Forwards;

#[tokio::test]
async fn subscriptions_are_bounded_and_one_that_goes_makes_room() {
    let served = Served::new(false).await;
    let subscription = || following(of_stream("none", Forwards, start()));
    let mut held = Vec::new();
    // One connection has not so many calls.
    while held.len() < MAX_SUBSCRIPTIONS {
        let mut client = served.client().await;
        for _ in 0..MAX_SUBSCRIPTIONS / 4 {
            held.push(open(&mut client, subscription()).await.unwrap());
        }
    }
    let mut client = served.client().await;
    let status = open(&mut client, subscription()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    // Reads have room of their own.
    assert_eq!(read(&mut client, of_all(Forwards, from_start())).await.unwrap(), []);
    held.pop();
    // The server hears of it a moment later.
    soon(async { while open(&mut client, subscription()).await.is_err() {} }).await;
}

#[tokio::test]
async fn a_read_waits_for_its_turn_behind_stalled_ones() {
    let served = Served::new(false).await;
    let body = Bytes::from(format!("\"{}\"", "x".repeat(1000)));
    for _ in 0..8 {
        let events = (0..250).map(|number| NewEvent { data: body.clone(), ..event("T", number) }).collect();
        served.log.append("s", ExpectedRevision::Any, events).await.unwrap();
    }
    let endpoint = Endpoint::from_shared(format!("http://{}", served.server.address())).unwrap();
    // As little as the protocol allows is on its way to these, so that each stalls at once.
    let small = endpoint.clone().initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let mut stalled = Vec::new();
    for _ in 0..MAX_READS {
        let mut client = StreamsClient::new(small.connect().await.unwrap());
        let mut answer = open(&mut client, of_all(Forwards, from_start())).await.unwrap();
        recorded(next(&mut answer).await);
        stalled.push((client, answer));
    }
    let mut client = served.client().await;
    let (done, ()) = tokio::join!(soon(read(&mut client, of_stream("s", Forwards, start()))), async {
        stalled.pop();
    });
    assert_eq!(done.unwrap().len(), 2000);
    // Those that stalled have lost nothing.
    let (_, mut answer) = stalled.pop().unwrap();
    for revision in 1..2000 {
        assert_eq!(recorded(next(&mut answer).await).stream_revision, revision);
    }
    assert!(soon(answer.message()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_read_that_began_before_an_append_ends_before_it() {
    let served = Served::new(false).await;
    let body = Bytes::from(format!("\"{}\"", "x".repeat(4000)));
    let grow = async || {
        let events = (0..200).map(|number| NewEvent { data: body.clone(), ..event("T", number) }).collect();
        served.log.append("s", ExpectedRevision::Any, events).await.unwrap()
    };
    for _ in 0..8 {
        grow().await;
    }
    let endpoint = Endpoint::from_shared(format!("http://{}", served.server.address())).unwrap();
    let small = endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let mut client = StreamsClient::new(small.connect().await.unwrap());
    for options in [of_all(Forwards, from_start()), of_stream("s", Forwards, start())] {
        let last = served.log.head().await.unwrap();
        let mut answer = open(&mut client, options).await.unwrap();
        // With its first event the read has begun.
        let mut told = recorded(next(&mut answer).await).commit_position;
        grow().await;
        while let Some(message) = soon(answer.message()).await.unwrap() {
            told = recorded(message.content.unwrap()).commit_position;
        }
        assert_eq!(told, last);
    }
}

/// A frame of HTTP/2: its type, and whether it acknowledges.
async fn frame(stream: &mut TcpStream) -> std::io::Result<(u8, bool)> {
    let mut header = [0; 9];
    stream.read_exact(&mut header).await?;
    let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
    let mut body = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut body).await?;
    Ok((header[3], header[4] & 1 == 1))
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_pings_is_let_go() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const PING: u8 = 6;
    let served = Served::new(false).await;
    let mut stream = TcpStream::connect(served.server.address()).await.unwrap();
    stream.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
    let mut pinged = false;
    while let Ok((kind, answers)) = frame(&mut stream).await {
        pinged |= kind == PING && !answers;
    }
    assert!(pinged, "a connection whose client is dead is closed, but only after a ping");
}
