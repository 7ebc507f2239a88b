//! The table of connections: a slab of entries and a hash index over both tuples of each.

use super::entry::{CtStates, Direction, Entry};
use super::index::{Hash, Index, hash};
use super::timeouts::Timeouts;
use crate::stack::Loss;
use crate::{Time, Tuple};

/// How many entries are checked for expiry with each new entry.
const LOOKED_OVER: u32 = 2;
/// How many are checked when the table is full (the kernel checks 8 hash buckets: nf_conntrack_core.c,
/// NF_CT_EVICTION_RANGE).
const LOOKED_OVER_WHEN_FULL: u32 = 64;

/// A moment that is never reached.
const NEVER: Time = Time(u64::MAX);

/// No slot has this number.
const NONE: u32 = u32::MAX;

/// A node's connection table. Cloning it copies flat buffers.
#[derive(Clone, Debug)]
pub struct Conntrack {
    pub timeouts: Timeouts,
    /// `nf_conntrack_max`.
    pub max: u32,
    slots: Vec<Option<Entry>>,
    /// When the entry in each slot expires, in one array, so that a check for expiry reads nothing else. An empty
    /// slot has [`NEVER`].
    deadlines: Vec<Time>,
    free: Vec<u32>,
    index: Index,
    /// The slot where the next check for expired entries begins.
    cursor: u32,
    /// How many entries were ever added, plus 1.
    made: u32,
}

/// Proof that a tuple was not in the table: the value of `made` when a search found nothing; 0 if there was no
/// such search. It stays valid until an entry is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Absent {
    hash: Hash,
    made: u32,
}

impl Default for Conntrack {
    fn default() -> Conntrack {
        Conntrack {
            timeouts: Timeouts::default(),
            max: 262_144,
            slots: Vec::new(),
            deadlines: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            cursor: 0,
            made: 1,
        }
    }
}

impl Conntrack {
    pub fn new(timeouts: Timeouts) -> Conntrack {
        Conntrack { timeouts, ..Conntrack::default() }
    }

    /// How many entries the table has, including expired ones that were not removed yet.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries that have not expired, in an order that is the same in every run.
    pub fn entries(&self, now: Time) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flatten().filter(move |e| e.expires > now)
    }

    /// The entry that a packet with this tuple belongs to, unless it has expired, and the packet's direction.
    pub fn find(&self, tuple: &Tuple, now: Time) -> Option<(&Entry, Direction)> {
        let (slot, direction) = self.locate(tuple, hash(tuple), NONE)?;
        let entry = self.slots.get(slot as usize)?.as_ref()?;
        (entry.expires > now).then_some((entry, direction))
    }

    /// Deletes the entries for which `doomed` is true, and returns how many.
    pub fn delete(&mut self, mut doomed: impl FnMut(&Entry) -> bool) -> u32 {
        let mut deleted = 0;
        for slot in 0..self.slot_count() {
            if self.slots[slot as usize].as_ref().is_some_and(&mut doomed) {
                self.remove(slot);
                deleted += 1;
            }
        }
        deleted
    }

    /// Deletes all entries, as a reboot does.
    pub fn clear(&mut self) {
        *self = Conntrack { timeouts: self.timeouts, max: self.max, ..Conntrack::default() };
    }

    /// Deletes the entry with this original tuple, if there is one (nf_ct_kill).
    pub(crate) fn forget(&mut self, original: &Tuple) {
        if let Some((slot, Direction::Original)) = self.locate(original, hash(original), NONE) {
            self.remove(slot);
        }
    }

    /// Whether a reply with this tuple would match another connection (nf_conntrack_tuple_taken).
    pub(crate) fn is_taken(&self, tuple: &Tuple, now: Time, seen: &mut Absent) -> bool {
        let hash = hash(tuple);
        let Some((slot, _)) = self.locate(tuple, hash, NONE) else {
            *seen = Absent { hash, made: self.made };
            return false;
        };
        // An expired entry does not count, but it is still in the index.
        *seen = Absent::default();
        self.entry(slot).is_some_and(|e| e.expires > now)
    }

    /// As [`Conntrack::find`], but deletes the entry if it has expired.
    pub(super) fn lookup(&mut self, tuple: &Tuple, now: Time) -> Result<(u32, Direction), Absent> {
        let hash = hash(tuple);
        if let Some((slot, direction)) = self.locate(tuple, hash, NONE) {
            if self.entry(slot).is_some_and(|e| e.expires > now) {
                return Ok((slot, direction));
            }
            self.remove(slot);
        }
        Err(Absent { hash, made: self.made })
    }

    pub(super) fn entry(&self, slot: u32) -> Option<&Entry> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Sets when the entry expires.
    pub(super) fn expire(&mut self, slot: u32, at: Time) {
        if let Some(entry) = self.entry_mut(slot) {
            entry.expires = at;
            self.deadlines[slot as usize] = at;
        }
    }

    /// Adds an entry (__nf_conntrack_confirm).
    pub(super) fn insert(&mut self, entry: Entry, seen: [Absent; 2], now: Time) -> Result<(), Loss> {
        let made = self.made;
        self.made = made.wrapping_add(1).max(1);
        self.look_over(LOOKED_OVER, Some(now));
        self.make_room(now)?;
        let slot = self.take_slot(entry);
        if !self.index.has_room(slot) {
            self.fill_index(slot);
        }
        for (direction, seen) in [Direction::Original, Direction::Reply].into_iter().zip(seen) {
            let hash =
                if seen.made == made { seen.hash } else { self.displace(&entry, direction, slot, now)? };
            self.index.enter(slot, hash, direction);
        }
        Ok(())
    }

    /// Called if no earlier search proves that a tuple of the entry in `slot` is free: deletes an expired entry that
    /// has the tuple. Returns the tuple's hash.
    #[inline(never)]
    fn displace(&mut self, entry: &Entry, direction: Direction, slot: u32, now: Time) -> Result<Hash, Loss> {
        let tuple = entry.tuple(direction);
        let hash = hash(tuple);
        while let Some((other, _)) = self.locate(tuple, hash, slot) {
            if self.entry(other).is_some_and(|e| e.expires > now) {
                // Removes what was inserted so far.
                self.remove(slot);
                return Err(Loss::Clash);
            }
            self.remove(other);
        }
        Ok(hash)
    }

    /// Rebuilds the index for all entries except the one at `but`.
    fn fill_index(&mut self, but: u32) {
        self.index.begin_anew(self.slots.len());
        for slot in (0..self.slot_count()).filter(|slot| *slot != but) {
            let Some(entry) = self.slots[slot as usize] else { continue };
            // No two entries have a tuple in common.
            self.index.enter(slot, hash(&entry.original), Direction::Original);
            self.index.enter(slot, hash(&entry.reply), Direction::Reply);
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if self.entry(slot).is_some() {
            self.empty(slot);
        }
    }

    /// Empties the slot, which must have an entry. It does not read the entry.
    fn empty(&mut self, slot: u32) {
        self.slots[slot as usize] = None;
        self.deadlines[slot as usize] = NEVER;
        self.index.remove(slot);
        self.free.push(slot);
    }

    /// The slot of the entry with this tuple, unless it is `but`.
    fn locate(&self, tuple: &Tuple, hash: Hash, but: u32) -> Option<(u32, Direction)> {
        self.index.find(hash, |slot, direction| slot != but && self.is_at(slot, direction, tuple))
    }

    /// Almost always called once, for the right slot. Not inlined, which keeps `locate` short.
    #[inline(never)]
    fn is_at(&self, slot: u32, direction: Direction, tuple: &Tuple) -> bool {
        self.entry(slot).is_some_and(|entry| entry.tuple(direction) == tuple)
    }

    fn slot_count(&self) -> u32 {
        // `make_room` keeps the slab at `max` slots, which is a u32.
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    fn take_slot(&mut self, entry: Entry) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(entry);
            self.deadlines[slot as usize] = entry.expires;
            return slot;
        }
        self.slots.push(Some(entry));
        self.deadlines.push(entry.expires);
        self.slot_count() - 1
    }

    /// When the table is full: deletes expired entries or else some that are not ASSURED (early_drop).
    fn make_room(&mut self, now: Time) -> Result<(), Loss> {
        if self.len() < self.max as usize {
            return Ok(());
        }
        let gone = self.look_over(LOOKED_OVER_WHEN_FULL, Some(now)) > 0
            || self.look_over(LOOKED_OVER_WHEN_FULL, None) > 0;
        if gone { Ok(()) } else { Err(Loss::TableFull) }
    }

    /// Checks the next `count` slots, wrapping around. Deletes the entries that have expired at `expired` or, if that
    /// is `None`, those that are not ASSURED. Returns how many.
    fn look_over(&mut self, count: u32, expired: Option<Time>) -> u32 {
        let slots = self.slot_count();
        let mut dropped = 0;
        for _ in 0..count.min(slots) {
            if self.cursor >= slots {
                self.cursor = 0;
            }
            let slot = self.cursor;
            self.cursor += 1;
            let doomed = match expired {
                Some(now) => self.deadlines[slot as usize] <= now,
                None => self.entry(slot).is_some_and(|e| !e.assured),
            };
            if doomed {
                self.empty(slot);
                dropped += 1;
            }
        }
        dropped
    }
}

impl Entry {
    /// SNAT and DNAT, for a pair of tuples.
    pub(super) fn nat_of(original: &Tuple, reply: &Tuple) -> CtStates {
        let plain = original.reversed();
        let mut nat = CtStates::default();
        if (plain.dst, plain.dst_port) != (reply.dst, reply.dst_port) {
            nat = nat.or(CtStates::SNAT);
        }
        if (plain.src, plain.src_port) != (reply.src, reply.src_port) {
            nat = nat.or(CtStates::DNAT);
        }
        nat
    }
}
