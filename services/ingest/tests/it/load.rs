//! More deliveries at once than allowed.

use crate::eventually::eventually;
use crate::server::{Server, config, contact_update, memory};

#[tokio::test]
async fn above_the_limit_a_delivery_is_told_to_come_again() {
    let config = tandem_ingest::Config { max_in_flight: 1, ..config() };
    let server = Server::start_with(config, memory(), jiff::Timestamp::now).await;
    let (first, second) = (contact_update("first"), contact_update("second"));
    let mut slow = server.ghl_head(&first).await;
    slow.send(&first[..10]).await;
    eventually("the slow sender holds the only slot", async || {
        let reply = server.ghl(b"{}").await;
        assert!(reply.status != 429 || reply.head.contains("retry-after: "), "{reply:?}");
        reply.status == 429
    })
    .await;
    assert_eq!(server.ghl(&second).await.status, 429);
    slow.send(&first[10..]).await;
    assert!(slow.reply().await.is("accepted"));
    assert!(server.ghl(&second).await.is("accepted"), "a refused delivery is not remembered");
    assert!(server.count(r#"tandem_events_rejected_total{provider="ghl",reason="overloaded"}"#) >= 2);
}
