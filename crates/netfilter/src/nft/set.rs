//! Named sets and verdict maps, with keys made of a packet's header fields.

use std::net::{IpAddr, Ipv4Addr};

use super::rule::Verdict;
use crate::conntrack::{Direction, Hash, Index, end, hash, hash_ends};
use crate::owner::Owner;
use crate::skb::Skb;
use crate::{Protocol, Str, Tuple};

/// The index of a set: among the table's fixed sets, or among those of the group whose rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetId {
    Fixed(u32),
    Own(u32),
}

/// A header field that a key may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `ip saddr`
    Source,
    /// `ip daddr`
    Destination,
    /// `meta l4proto`
    Protocol,
    /// `th dport`
    DestinationPort,
}

/// The fields of a set's key, concatenated in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub fields: &'static [Field],
    source: bool,
    destination: bool,
    protocol: bool,
    port: bool,
    /// The bits of each end that are part of the key, in the form of [`end`].
    source_bits: u64,
    destination_bits: u64,
}

/// An end's address and its port.
const ADDRESS: u64 = 0xffff_ffff << 16;
const PORT: u64 = 0xffff;

impl Key {
    pub const SOURCE: Key = Key::new(&[Field::Source]);
    pub const DESTINATION: Key = Key::new(&[Field::Destination]);
    /// `ip daddr . meta l4proto . th dport`
    pub const ADDRESS_AND_PORT: Key =
        Key::new(&[Field::Destination, Field::Protocol, Field::DestinationPort]);
    /// `meta l4proto . th dport`
    pub const PORT: Key = Key::new(&[Field::Protocol, Field::DestinationPort]);
    /// `ip saddr . ip daddr . meta l4proto . th dport`
    pub const CONNECTION: Key =
        Key::new(&[Field::Source, Field::Destination, Field::Protocol, Field::DestinationPort]);

    const fn new(fields: &'static [Field]) -> Key {
        let mut key = Key {
            fields,
            source: false,
            destination: false,
            protocol: false,
            port: false,
            source_bits: 0,
            destination_bits: 0,
        };
        let mut at = 0;
        while at < fields.len() {
            match fields[at] {
                Field::Source => (key.source, key.source_bits) = (true, ADDRESS),
                Field::Destination => (key.destination, key.destination_bits) = (true, ADDRESS),
                Field::Protocol => key.protocol = true,
                Field::DestinationPort => {
                    (key.port, key.destination_bits) = (true, key.destination_bits | PORT)
                }
            }
            at += 1;
        }
        key
    }

    /// The tuple with only the key's fields; the other fields get a fixed value.
    #[inline]
    pub(super) fn of(self, from: &Tuple) -> Tuple {
        const NONE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Tuple {
            src: if self.source { from.src } else { NONE },
            src_port: 0,
            dst: if self.destination { from.dst } else { NONE },
            dst_port: if self.port { from.dst_port } else { 0 },
            protocol: if self.protocol { from.protocol } else { Protocol::Tcp },
        }
    }

    /// Whether the packet has all fields of the key. An ICMP error has no port.
    #[inline]
    fn is_of(self, skb: &Skb) -> bool {
        skb.protocol().is_some() || !(self.protocol || self.port)
    }

    /// The hash of what [`Key::of`] makes of a tuple.
    #[inline]
    fn hash(self, tuple: &Tuple) -> Hash {
        let source = end(&tuple.src, 0) & self.source_bits;
        let destination = end(&tuple.dst, tuple.dst_port) & self.destination_bits;
        let protocol = if self.protocol { tuple.protocol } else { Protocol::Tcp };
        hash_ends(source, destination, protocol)
    }

    /// Whether the tuple has the same key as an element.
    #[inline]
    fn is_same(self, element: &Tuple, tuple: &Tuple) -> bool {
        (!self.destination || element.dst == tuple.dst)
            && (!self.port || element.dst_port == tuple.dst_port)
            && (!self.source || element.src == tuple.src)
            && (!self.protocol || element.protocol == tuple.protocol)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// `set`
    Plain,
    /// `map ... : verdict`
    Verdicts,
    /// `set` with `flags dynamic,timeout`. Rules add its elements, which are in [`super::DynamicSets`].
    Dynamic { timeout_s: u32 },
}

/// An element: in a map with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Only the fields that are part of the set's key matter.
    pub key: Tuple,
    pub verdict: Option<Verdict>,
    pub comment: Option<Str>,
    pub owner: Option<Owner>,
}

#[derive(Clone, Debug)]
pub struct Set {
    pub name: Str,
    pub key: Key,
    pub kind: SetKind,
    pub comment: Option<Str>,
    elements: Vec<Element>,
    index: Index,
}

impl Set {
    pub fn new(name: impl Into<Str>, key: Key, kind: SetKind, comment: Option<&str>) -> Set {
        Set {
            name: name.into(),
            key,
            kind,
            comment: comment.map(Into::into),
            elements: Vec::new(),
            index: Index::default(),
        }
    }

    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Adds an element. It replaces an earlier one with the same key.
    pub fn insert(&mut self, mut element: Element) {
        element.key = self.key.of(&element.key);
        if let Some(at) = self.position(&element.key) {
            self.elements[at as usize] = element;
            return;
        }
        let slot = u32::try_from(self.elements.len()).unwrap_or(u32::MAX);
        self.elements.push(element);
        if !self.index.has_room(slot) {
            self.index.begin_anew(self.elements.len());
            (0..slot).for_each(|slot| self.enter(slot));
        }
        self.enter(slot);
    }

    fn enter(&mut self, slot: u32) {
        let Some(element) = self.elements.get(slot as usize) else { return };
        self.index.enter(slot, hash(&element.key), Direction::Original);
    }

    /// The element for a packet, and its place.
    #[inline]
    pub(super) fn lookup(&self, skb: &Skb) -> Option<(u32, &Element)> {
        if self.elements.is_empty() || !self.key.is_of(skb) {
            return None;
        }
        let at = self.position(&skb.tuple)?;
        Some((at, self.elements.get(at as usize)?))
    }

    /// Where the element of a tuple is.
    #[inline(never)]
    fn position(&self, tuple: &Tuple) -> Option<u32> {
        self.index.find(self.key.hash(tuple), |slot, _| self.is_at(slot, tuple)).map(|(slot, _)| slot)
    }

    #[inline(never)]
    fn is_at(&self, slot: u32, tuple: &Tuple) -> bool {
        let element = self.elements.get(slot as usize);
        element.is_some_and(|element| self.key.is_same(&element.key, tuple))
    }
}
