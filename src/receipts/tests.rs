use super::*;
use crate::sample;
use liveness_events::receipt::End;

async fn receipts_of(log: &dyn EventLog, session: Uuid) -> Vec<SignedReceipt> {
    journal::load(log, &stream::receipts(session)).await.unwrap().0
}

#[actix_web::test]
async fn a_session_is_signed_at_its_end_and_when_its_images_are_erased_and_never_twice() {
    let (log, _folder) = sample::open();
    let (session, key, clock) = (Uuid::from_u128(1), sample::key(), Clock::default());
    let name = stream::session(session);
    let scored = sample::scored(session, 3);
    let open = scored.len() - 1;
    let append = async |head, events: &[SessionEvent]| {
        journal::append(&*log, &name, head, session, session, events).await.unwrap()
    };
    let head = append(Head::default(), &scored[..open]).await;
    assert_eq!(complete(&*log, &clock, &key, session).await.unwrap(), None, "it has not ended");

    let ended = append(head, &scored[open..]).await;
    let position = complete(&*log, &clock, &key, session).await.unwrap();
    assert_eq!(position, Some(log.head().await.unwrap()));
    assert_eq!(complete(&*log, &clock, &key, session).await.unwrap(), position, "there is one already");

    let erased = append(ended, &[sample::erased()]).await;
    complete(&*log, &clock, &key, session).await.unwrap();
    let [first, second] = &receipts_of(&*log, session).await[..] else { panic!("not two receipts") };
    for (signed, head, images) in [(first, ended, 0), (second, erased, 1)] {
        assert!(is_signed_by(signed, &key.public()));
        assert_eq!((Some(signed.receipt.revision), Some(signed.receipt.head)), (head.revision, head.hash));
        assert_eq!(signed.receipt.summary.end, End::Complete);
        assert_eq!(signed.receipt.summary.erased.len(), images);
        assert_eq!(signed.receipt.summary.found.as_ref().unwrap().models.len(), 1);
    }
    let mut forged = second.clone();
    forged.receipt.revision += 1;
    assert!(!is_signed_by(&forged, &key.public()));
    let other = ReceiptKey::from_seed(&[8; 32]).unwrap();
    assert!(!is_signed_by(second, &other.public()));
}

#[actix_web::test]
async fn nothing_broken_is_signed() {
    let (log, _folder) = sample::open();
    let session = Uuid::from_u128(1);
    let name = stream::session(session);
    let events = sample::expired(session);
    let head = journal::append(&*log, &name, Head::default(), session, session, &events[..1]).await.unwrap();
    let elsewhere = Head { hash: None, ..head };
    journal::append(&*log, &name, elsewhere, session, session, &events[1..]).await.unwrap();
    let refused = complete(&*log, &Clock::default(), &sample::key(), session).await.unwrap_err();
    assert!(refused.is::<Refused>(), "{refused}");
    assert_eq!(receipts_of(&*log, session).await, []);
}

#[actix_web::test]
async fn a_key_is_announced_once() {
    let (log, _folder) = sample::open();
    let (clock, one, other) = (Clock::default(), sample::key(), ReceiptKey::from_seed(&[8; 32]).unwrap());
    for key in [&one, &other, &one] {
        announce(&*log, &clock, key).await.unwrap();
    }
    let (known, _) = journal::load::<KeyAnnounced>(&*log, stream::RECEIPT_KEYS).await.unwrap();
    let keys: Vec<_> = known.iter().map(|known| known.key).collect();
    assert_eq!(keys, [one.public(), other.public()]);
}
