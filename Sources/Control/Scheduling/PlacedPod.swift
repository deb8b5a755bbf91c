/// A pod that takes something of a node: what counts of it, read once.
final class PlacedPod: Sendable {
    let node: String
    let slot: Int
    let demand: PodDemand
    let traits: PodTraits
    let terms: PodTerms

    init(_ terms: PodTerms, _ demand: PodDemand, _ traits: PodTraits, on node: String, slot: Int) {
        (self.terms, self.demand, self.traits) = (terms, demand, traits)
        (self.node, self.slot) = (node, slot)
    }
}
