//! Whether a Redis is reached over a network without encryption.

use std::net::IpAddr;

use redis::{ConnectionAddr, ConnectionInfo};

/// By the addresses of a server or of the nodes of a cluster.
pub(super) fn any_in_clear_text(infos: &[ConnectionInfo]) -> bool {
    infos.iter().any(|info| matches!(info.addr(), ConnectionAddr::Tcp(host, _) if !is_loopback(host)))
}

/// By the addresses of sentinels, where that of the server is the name of its master. What is behind sentinels of this machine is not known.
pub(super) fn any_behind_sentinels(sentinels: &[ConnectionInfo], master: &ConnectionInfo) -> bool {
    let is_clear = |addr: &ConnectionAddr| matches!(addr, ConnectionAddr::Tcp(..));
    sentinels.iter().any(|sentinel| match sentinel.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            !is_loopback(host) && (is_clear(sentinel.addr()) || is_clear(master.addr()))
        }
        _ => false,
    })
}

/// `localhost` and its subdomains (RFC 6761 section 6.3), 127.0.0.0/8 and `::1`.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use redis::IntoConnectionInfo;

    use super::*;

    fn infos(urls: &[&str]) -> Vec<ConnectionInfo> {
        urls.iter().map(|url| url.into_connection_info().unwrap()).collect()
    }

    #[test]
    fn a_redis_of_another_machine_without_tls_is_in_clear_text() {
        for (url, is_clear) in [
            ("redis://localhost:6379", false),
            ("redis://LOCALHOST", false),
            ("redis://cache.localhost", false),
            ("redis://127.0.0.2", false),
            ("redis://[::1]:6379", false),
            ("redis+unix:///run/redis.sock", false),
            ("rediss://cache.internal:6380", false),
            ("redis://cache.internal", true),
            ("redis://redis:6379", true),
            ("redis://10.0.0.7", true),
            ("redis://localhost.example", true),
        ] {
            assert_eq!(any_in_clear_text(&infos(&["redis://localhost", url])), is_clear, "{url}");
        }
    }

    #[test]
    fn sentinels_of_other_machines_are_in_clear_text_where_they_or_the_master_have_no_tls() {
        for (sentinel, master, is_clear) in [
            ("redis://sentinel.internal", "redis://mymaster", true),
            ("rediss://sentinel.internal", "redis://mymaster", true),
            ("redis://sentinel.internal", "rediss://mymaster", true),
            ("rediss://sentinel.internal", "rediss://mymaster", false),
            ("redis://localhost:26379", "redis://mymaster", false),
        ] {
            let (sentinels, master) = (infos(&[sentinel]), infos(&[master]));
            assert_eq!(any_behind_sentinels(&sentinels, &master[0]), is_clear, "{sentinel}, {master:?}");
        }
    }
}
