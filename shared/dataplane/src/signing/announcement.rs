//! What a node signs to show that it has the key it announces, and how it shows that it may join. Invariant: one
//! announcement has one text, so a signature or a join proof is of exactly one node, endpoint, key and nonce.

use std::fmt;

use artifactstore_types::{Endpoint, NodeDescription, NodeId};

use super::{
    key::{PublicKey, Signature, SigningKey},
    refused::{KeyRefused, SignatureRefused},
};

/// Separates the key made from a join token from every other use of BLAKE3's key derivation.
const JOIN_CONTEXT: &str = "artifactstore v1 join token";

/// Bytes that a control plane never sent before, so that a proof is good once.
pub type Nonce = [u8; 32];

/// An announcement as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    node_id: NodeId,
    endpoint: Endpoint,
    public_key: PublicKey,
    nonce: Nonce,
}

impl Announcement {
    /// What `node` says of itself, in answer to a challenge.
    ///
    /// # Errors
    /// A description whose public key is none.
    pub fn new(node: &NodeDescription, nonce: Nonce) -> Result<Self, KeyRefused> {
        let public_key = PublicKey::from_bytes(&node.public_key)?;
        Ok(Self { node_id: node.node_id.clone(), endpoint: node.endpoint.clone(), public_key, nonce })
    }

    /// The text that is signed. No part of it can hold a line feed.
    fn text(&self) -> String {
        let nonce = hex::encode(self.nonce);
        let Self { node_id, endpoint, public_key, nonce: _ } = self;
        format!("artifactstore-announcement\n{nonce}\n{node_id}\n{endpoint}\n{public_key}")
    }

    /// The proof that the node has its key.
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.sign(self.text().as_bytes())
    }

    /// Whether the owner of the announced key signed this announcement.
    ///
    /// # Errors
    /// Any other signature.
    pub fn verify(&self, signature: &Signature) -> Result<(), SignatureRefused> {
        self.public_key.verify(self.text().as_bytes(), signature)
    }

    /// The proof that the node was given the token.
    pub fn join_proof(&self, token: &JoinToken) -> [u8; 32] {
        *blake3::keyed_hash(&token.key(), self.text().as_bytes()).as_bytes()
    }

    /// Whether whoever made this proof was given the token.
    pub fn admits(&self, token: &JoinToken, proof: &[u8; 32]) -> bool {
        // Hashes are compared in constant time.
        blake3::keyed_hash(&token.key(), self.text().as_bytes()) == blake3::Hash::from_bytes(*proof)
    }
}

/// What nodes are given so that they may join. It is shown by nothing and never travels.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken(String);

impl JoinToken {
    /// The token with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn key(&self) -> [u8; 32] {
        blake3::derive_key(JOIN_CONTEXT, self.0.as_bytes())
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> (NodeDescription, SigningKey) {
        let key = SigningKey::from_secret(&[1; 32]);
        let node = NodeDescription {
            node_id: "node-a".parse().unwrap(),
            public_key: *key.public_key().bytes(),
            endpoint: "http://127.0.0.1:7080".parse().unwrap(),
            backends: Vec::new(),
            zone: None,
            weight: 1,
            version: "0.1.0".parse().unwrap(),
        };
        (node, key)
    }

    #[test]
    fn the_signed_text_is_the_one_of_the_contract() {
        let (node, key) = node();
        let text = Announcement::new(&node, [0xab; 32]).unwrap().text();
        let expected = format!(
            "artifactstore-announcement\n{}\nnode-a\nhttp://127.0.0.1:7080\n{}",
            "ab".repeat(32),
            key.public_key()
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_proof_is_good_for_one_node_endpoint_key_and_nonce() {
        let (node, key) = node();
        let token = JoinToken::new("secret");
        let announced = Announcement::new(&node, [1; 32]).unwrap();
        let (signature, proof) = (announced.sign(&key), announced.join_proof(&token));
        announced.verify(&signature).unwrap();
        assert!(announced.admits(&token, &proof));
        assert!(!announced.admits(&JoinToken::new("Secret"), &proof));

        let other_key = *SigningKey::from_secret(&[2; 32]).public_key().bytes();
        let others = [
            (NodeDescription { node_id: "node-b".parse().unwrap(), ..node.clone() }, [1; 32]),
            (NodeDescription { endpoint: "http://127.0.0.1:7081".parse().unwrap(), ..node.clone() }, [1; 32]),
            (NodeDescription { public_key: other_key, ..node.clone() }, [1; 32]),
            (node, [2; 32]),
        ];
        for (node, nonce) in others {
            let other = Announcement::new(&node, nonce).unwrap();
            assert_eq!(other.verify(&signature), Err(SignatureRefused));
            assert!(!other.admits(&token, &proof));
        }
    }

    #[test]
    fn a_key_that_is_none_announces_nothing() {
        let (node, _) = node();
        let weak = NodeDescription { public_key: [0; 32], ..node };
        assert!(Announcement::new(&weak, [1; 32]).is_err());
    }

    #[test]
    fn a_join_token_is_shown_by_nothing() {
        assert_eq!(format!("{:?}", JoinToken::new("secret")), "JoinToken(…)");
    }
}
