internal import ObjectModel

/// Who has which items of a pool: stored owners, firm reservations of writes that pass right now, and hints to picks
/// not to take what was picked a moment ago.
struct ClaimPool<Item: Hashable & Sendable>: Sendable {
    private var owners: [Item: String] = [:]
    private var held: [String: Set<Item>] = [:]
    private var reserved: [Item: String] = [:]
    private var picked: [Item: Timestamp] = [:]

    /// What the store says that `owner` has; replaces what it had.
    mutating func observe(_ items: Set<Item>, of owner: String) {
        for item in held[owner] ?? [] where owners[item] == owner { owners[item] = nil }
        held[owner] = items.isEmpty ? nil : items
        for item in items {
            owners[item] = owner
            picked[item] = nil
        }
    }

    /// Forgets what the store said.
    mutating func forgetOwners() {
        owners = [:]
        held = [:]
    }

    /// Whether `owner` has the item or may have it.
    func isAvailable(_ item: Item, to owner: String) -> Bool {
        (owners[item] ?? owner) == owner && (reserved[item] ?? owner) == owner
    }

    /// Whether nobody has the item, and it was not picked a moment ago.
    func isFree(_ item: Item, at now: Timestamp) -> Bool {
        owners[item] == nil && reserved[item] == nil && (picked[item] ?? now) <= now
    }

    /// Remembers a pick until a time by which its write has ended.
    mutating func notePick(_ item: Item, until time: Timestamp, at now: Timestamp) {
        picked = picked.filter { $0.value > now }
        picked[item] = time
    }

    /// Keeps items for a write of `owner`.
    mutating func reserve(_ items: Set<Item>, for owner: String) {
        for item in items where owners[item] == nil { reserved[item] = owner }
    }

    /// The write of `owner` has ended.
    mutating func endReservation(of items: Set<Item>, for owner: String) {
        for item in items where reserved[item] == owner {
            reserved[item] = nil
            picked[item] = nil
        }
    }
}
