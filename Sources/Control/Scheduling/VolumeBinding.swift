internal import ControllerRuntime
internal import Kinds
package import ObjectModel

/// A claim that waits for its pod to be placed (WaitForFirstConsumer), and what could serve it.
package struct WaitingClaim: Sendable, Hashable {
    /// A volume that could be bound to the claim.
    package struct Candidate: Sendable, Hashable {
        /// The volume's name.
        package let name: String
        /// Its uid.
        package let uid: String
        /// The version that was looked at.
        package let revision: Revision
        /// Its size.
        package let size: Quantity
        /// The nodes that reach it; nil stands for all.
        package let nodes: NodeSelector?
        /// Whether it names the claim already, so that nothing is left to be written.
        package let isBound: Bool

        init(_ volume: CachedObject<PersistentVolumeView>, isBound: Bool = false) {
            name = volume.key.name
            uid = volume.uid
            revision = volume.revision
            size = volume.view.capacity["storage"] ?? Quantity(0)
            nodes = volume.view.requiredNodeAffinity.map { NodeSelector($0) }
            self.isBound = isBound
        }
    }

    /// The claim.
    package let key: NamespacedName
    /// Its uid.
    package let uid: String
    /// The version that was looked at.
    package let revision: Revision
    /// The size it asks for.
    package let size: Quantity
    /// The volumes that fit it, whatever the node; when one names it, that one alone.
    package var candidates: [Candidate]
    /// The node that was told to the provisioner before; no other one will do.
    package let selectedNode: String?
    /// The nodes for which volumes of its class are made; nil when nobody makes any.
    private let provisionableOn: TopologySelector?

    /// A claim of a class that waits. `reserved` are the volumes that name it, `free` those of its class that name
    /// none; `selectedNode` is a node that exists.
    init(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ storageClass: StorageClassView,
        reserved: [CachedObject<PersistentVolumeView>], free: [CachedObject<PersistentVolumeView>],
        selectedNode: String?
    ) {
        key = claim.key
        uid = claim.uid
        revision = claim.revision
        size = claim.view.storageRequest ?? Quantity(0)
        let own = reserved.filter { volume in
            volume.view.claim.map { $0.uid.isEmpty || $0.uid == claim.uid } ?? false
        }
        if let volume = own.first(where: { $0.view.claim?.uid == claim.uid }) ?? own.first {
            candidates = [Candidate(volume, isBound: true)]
        } else {
            candidates = free.filter { $0.view.phase == "Available" && $0.view.fits(claim.view) }
                .map { Candidate($0) }.sorted { ($0.size, $0.name) < ($1.size, $1.name) }
        }
        let isMade = !["", "kubernetes.io/no-provisioner"].contains(storageClass.provisioner)
        provisionableOn = isMade ? TopologySelector(storageClass.allowedTopologies) : nil
        self.selectedNode = isMade ? selectedNode : nil
    }

    /// The smallest volume that the node reaches; of equal ones the first by name.
    func volume(on node: NodeView, besides taken: Set<String>) -> Candidate? {
        candidates.first { !taken.contains($0.name) && $0.nodes?.matches(node) ?? true }
    }

    /// Whether a volume can be made for the node.
    func isProvisionable(on node: NodeView) -> Bool { provisionableOn?.matches(node) ?? false }
}

/// The `allowedTopologies` of a StorageClass: terms of which one must match; without terms every node does.
struct TopologySelector: Sendable, Hashable {
    private struct Requirement: Sendable, Hashable {
        let key: String
        let values: [String]
    }

    private let terms: [[Requirement]]

    init(_ terms: [Value]) {
        self.terms = terms.map { term in
            (term["matchLabelExpressions"]?.array ?? []).map { expression in
                Requirement(
                    key: expression["key"]?.string ?? "",
                    values: (expression["values"]?.array ?? []).compactMap(\.string))
            }
        }
    }

    func matches(_ node: NodeView) -> Bool {
        terms.isEmpty
            || terms.contains { term in
                !term.isEmpty
                    && term.allSatisfy { wanted in
                        node.metadata.labels[wanted.key].map(wanted.values.contains) ?? false
                    }
            }
    }
}

/// What a pod's waiting claims get on one node.
package struct VolumeChoice: Sendable, Hashable {
    /// A claim and the volume it gets.
    package struct Binding: Sendable, Hashable {
        /// The claim.
        package let claim: WaitingClaim
        /// The volume.
        package let volume: WaitingClaim.Candidate
    }

    /// Volumes that exist.
    package var bindings: [Binding] = []
    /// Claims for which a volume is to be made.
    package var provisions: [NamespacedName] = []

    /// No claim waits.
    package init() {}

    /// Whether no claim waits.
    package var isEmpty: Bool { bindings.isEmpty && provisions.isEmpty }
}

extension ClaimDemand {
    /// Why a node cannot serve claims that wait, in upstream's words.
    static let noVolumes = "node(s) didn't find available persistent volumes to bind"

    /// What the waiting claims get on a node: for each, from the smallest on, the smallest volume that exists, fits and is
    /// reached from there, and otherwise one to be made. Nil when one of them gets none. (Upstream's volumebinding
    /// plugin.)
    func volumes(on node: NodeView) -> VolumeChoice? {
        var choice = VolumeChoice()
        var taken: Set<String> = []
        for claim in waiting.sorted(by: { ($0.size, $0.key) < ($1.size, $1.key) }) {
            if let selected = claim.selectedNode, !claim.candidates.contains(where: \.isBound) {
                guard selected == node.metadata.name else { return nil }
            } else if let volume = claim.volume(on: node, besides: taken) {
                taken.insert(volume.name)
                choice.bindings.append(VolumeChoice.Binding(claim: claim, volume: volume))
                continue
            }
            guard !claim.candidates.contains(where: \.isBound), claim.isProvisionable(on: node) else { return nil }
            choice.provisions.append(claim.key)
        }
        return choice
    }
}

/// The volumes that were chosen for claims and do not name them yet, as far as the cache shows: no other claim gets one.
struct VolumeReservations: Sendable {
    private var claims: [String: NamespacedName] = [:]

    /// Holds the volumes of a choice for its claims.
    mutating func hold(_ choice: VolumeChoice) {
        for binding in choice.bindings where !binding.volume.isBound { claims[binding.volume.name] = binding.claim.key }
    }

    /// Lets go of what is held for these claims.
    mutating func release(_ waiting: [WaitingClaim]) {
        guard !claims.isEmpty else { return }
        let keys = Set(waiting.map(\.key))
        claims = claims.filter { !keys.contains($0.value) }
    }

    /// Lets go of a volume: it names its claim, or is gone.
    mutating func release(volume: String) { claims[volume] = nil }

    /// The demand without the volumes that are held for others.
    func apply(to demand: ClaimDemand) -> ClaimDemand {
        guard !claims.isEmpty else { return demand }
        var demand = demand
        for index in demand.waiting.indices {
            let key = demand.waiting[index].key
            demand.waiting[index].candidates.removeAll { claims[$0.name].map { $0 != key } ?? false }
        }
        return demand
    }
}
