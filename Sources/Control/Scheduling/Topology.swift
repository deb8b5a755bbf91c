/// The domains of one topology key: the values its label has on nodes, each with a number.
struct Topology: Sendable {
    private static let none = -1

    /// How many terms look at this key.
    var users = 0
    private var domains: [Int] = []
    private var numbers: [String: Int] = [:]
    private var values: [String] = []
    private var members: [Int] = []
    private var free: [Int] = []

    /// The domain of a node; nil when it lacks the label.
    func domain(_ slot: Int) -> Int? {
        guard slot < domains.count else { return nil }
        let domain = domains[slot]
        return domain == Self.none ? nil : domain
    }

    /// One more than the highest number of a domain.
    var bound: Int { members.count }

    /// Tells a node's value; nil when it lacks the label, or is gone. Returns the domain it is in now.
    mutating func set(_ slot: Int, _ value: String?) -> Int? {
        if slot >= domains.count {
            domains += Array(repeating: Self.none, count: slot + 1 - domains.count)
        }
        // The new one first, so that a domain of this node alone keeps its number when nothing changes.
        let domain = value.map { join($0) }
        if let old = self.domain(slot) { leave(old) }
        domains[slot] = domain ?? Self.none
        return domain
    }

    private mutating func join(_ value: String) -> Int {
        if let known = numbers[value] {
            members[known] += 1
            return known
        }
        let number: Int
        if let reused = free.popLast() {
            number = reused
        } else {
            number = members.count
            members.append(0)
            values.append("")
        }
        (members[number], values[number], numbers[value]) = (1, value, number)
        return number
    }

    private mutating func leave(_ domain: Int) {
        members[domain] -= 1
        guard members[domain] == 0 else { return }
        free.append(domain)
        numbers[values[domain]] = nil
    }
}

/// A sum over pods, for each node and for each domain of one topology key. What is not there is 0.
struct Tally: Sendable {
    private(set) var perNode: [Int: Int] = [:]
    private(set) var perDomain: [Int: Int] = [:]

    mutating func add(_ amount: Int, _ slot: Int, _ domain: Int?) {
        Self.add(amount, to: &perNode, slot)
        if let domain { Self.add(amount, to: &perDomain, domain) }
    }

    /// A node went from one domain to another; nil is none.
    mutating func move(_ slot: Int, from old: Int?, to new: Int?) {
        guard let amount = perNode[slot], old != new else { return }
        if let old { Self.add(-amount, to: &perDomain, old) }
        if let new { Self.add(amount, to: &perDomain, new) }
    }

    private static func add(_ amount: Int, to sums: inout [Int: Int], _ key: Int) {
        let sum = sums[key, default: 0] + amount
        sums[key] = sum == 0 ? nil : sum
    }
}
