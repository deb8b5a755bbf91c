/// How a change of the wanted number is spread over the active sets of a rollout that is under way: in proportion to
/// their sizes, so that neither the old nor the new template gains.
package struct ProportionalScaling: Sendable {
    /// One active set.
    package struct Share: Sendable {
        /// How many pods it should have now.
        package var replicas: Int
        /// How many pods the Deployment could have when the set was last scaled; nil when the annotation is lost.
        package var formerMaximum: Int?

        /// An active set.
        package init(replicas: Int, formerMaximum: Int?) {
            self.replicas = replicas
            self.formerMaximum = formerMaximum
        }
    }

    /// How many pods the Deployment wants.
    package var replicas: Int
    /// How many more may exist.
    package var maxSurge: Int
    /// How many pods exist, by its status.
    package var existing: Int

    /// A change.
    package init(replicas: Int, maxSurge: Int, existing: Int) {
        self.replicas = replicas
        self.maxSurge = maxSurge
        self.existing = existing
    }

    /// The new sizes of the sets, which come oldest first.
    package func sizes(_ shares: [Share]) -> [Int] {
        let allowed = replicas > 0 ? replicas + maxSurge : 0
        let toAdd = allowed - shares.reduce(0) { $0 + $1.replicas }
        var sizes = shares.map(\.replicas)
        guard toAdd != 0 else { return sizes }
        // Larger sets first; of equal ones the newer grows and the older shrinks first.
        let order = shares.indices.sorted { left, right in
            if shares[left].replicas != shares[right].replicas { return shares[left].replicas > shares[right].replicas }
            return toAdd > 0 ? left > right : left < right
        }
        var added = 0
        for index in order {
            let change = change(of: shares[index], toAdd: toAdd, added: added)
            sizes[index] += change
            added += change
        }
        if let largest = order.first { sizes[largest] = max(0, sizes[largest] + toAdd - added) }
        return sizes
    }

    private func change(of share: Share, toAdd: Int, added: Int) -> Int {
        if share.replicas == 0 || toAdd == added { return 0 }
        let fraction = fraction(of: share)
        return toAdd > 0 ? min(fraction, toAdd - added) : max(fraction, toAdd - added)
    }

    private func fraction(of share: Share) -> Int {
        if replicas == 0 { return -share.replicas }
        let former = share.formerMaximum ?? 0
        let base = former > 0 ? former : existing
        if base == 0 { return 0 }
        let size = Double(share.replicas) * Double(replicas + maxSurge) / Double(base)
        return Int(size.rounded(.toNearestOrAwayFromZero)) - share.replicas
    }
}
