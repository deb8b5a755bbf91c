/// The nodes in the order they are looked at: one of each zone in turn, so that a part of them is a part of all zones.
struct NodeOrder: Sendable {
    private struct Place: Sendable {
        let rank: Int
        let zone: String
    }

    /// Where the nodes are.
    private(set) var slots: [Int] = []
    private var places: [Place] = []
    private var zones: [String: [Int]] = [:]
    private var zoneOf: [Int: String] = [:]

    /// A node came, or moved to another zone.
    mutating func insert(_ slot: Int, zone: String) {
        if zoneOf[slot] == zone { return }
        remove(slot)
        place(slot, zone)
    }

    mutating func remove(_ slot: Int) {
        guard let zone = zoneOf[slot] else { return }
        zones[zone]?.removeAll { $0 == slot }
        let before = zones
        (slots, places, zones, zoneOf) = ([], [], [:], [:])
        for (zone, members) in before { for member in members { place(member, zone) } }
    }

    private mutating func place(_ slot: Int, _ zone: String) {
        let place = Place(rank: zones[zone]?.count ?? 0, zone: zone)
        zones[zone, default: []].append(slot)
        zoneOf[slot] = zone
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if (places[middle].rank, places[middle].zone) < (place.rank, place.zone) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        places.insert(place, at: low)
        slots.insert(slot, at: low)
    }

    /// How many nodes that fit are enough (upstream's `numFeasibleNodesToFind`): all of fewer than 100, else a share that
    /// shrinks from 50 % to 5 %, and never fewer than 100.
    static func sample(of count: Int) -> Int {
        if count < 100 { return count }
        return max(100, count * max(5, 50 - count / 125) / 100)
    }
}
