//! In the place of Mozilla's roots: those that the file `APNSIM_CA_FILE` names, for clients that
//! have no option for it.

use std::sync::LazyLock;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, TrustAnchor};

/// As in the crate that this one stands for: whom a server's certificate may be signed by.
pub static TLS_SERVER_ROOTS: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let file = std::env::var("APNSIM_CA_FILE").expect("APNSIM_CA_FILE names the gateway's CA");
    CertificateDer::pem_file_iter(&file)
        .expect("APNSIM_CA_FILE can be read")
        .map(|certificate| {
            let certificate = certificate.expect("APNSIM_CA_FILE is PEM");
            webpki::anchor_from_trusted_cert(&certificate)
                .expect("APNSIM_CA_FILE holds CA certificates")
                .to_owned()
        })
        .collect()
});
