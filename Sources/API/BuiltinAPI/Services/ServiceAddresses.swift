internal import APIServer
internal import Kinds
internal import ObjectModel
internal import ObjectStorage
internal import Synchronization

/// Gives Services their cluster address and node ports. Nothing is kept beside the Services themselves: who has what is
/// read from the store at the first use and follows its events from then on.
///
/// `mutate` picks what is missing, `validate` reserves all that the Service claims until `finished`. Of two writes that
/// claim one address the second is refused.
final class ServiceAddresses: AdmissionPlugin {
    private struct State {
        var allocator: ServiceAddressAllocator
        var events: EventSubscription?
    }

    let name = "ServiceAddresses"
    private let store: any Store
    private let random: @Sendable (ClosedRange<Int>) -> Int
    private let state: Mutex<State>
    private static let range = KeyRange(APIResource.services.groupResource)

    init(store: any Store, allocator: ServiceAddressAllocator, random: @escaping @Sendable (ClosedRange<Int>) -> Int) {
        self.store = store
        self.random = random
        state = Mutex(State(allocator: allocator))
    }

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.writes(.services), request.operation != .delete else { return }
        try await follow()
        let owner = Self.owner(request)
        let (now, old, given) = (request.now, request.old, request.object)
        request.object = try state.withLock { (state) throws(APIStatus) in
            var allocation = ServiceAllocation(allocator: state.allocator, now: now, random: random)
            var completed = given
            try allocation.complete(&completed, old: old, owner: owner)
            state.allocator = allocation.allocator
            return completed
        }
    }

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        guard request.writes(.services), request.operation != .delete else { return }
        try await follow()
        let owner = Self.owner(request)
        try state.withLock { (state) throws(APIStatus) in
            let allocation = ServiceAllocation(allocator: state.allocator, now: request.now, random: random)
            let conflicts = allocation.conflicts(of: request.object, owner: owner)
            guard conflicts.isEmpty else { throw ServiceAllocation.invalid(request.object, conflicts) }
            state.allocator.reserve(ServiceAddressAllocator.claims(of: request.object), for: owner)
        }
    }

    func finished(_ request: AdmissionRequest, committed: Bool) async {
        guard request.writes(.services), request.operation != .delete else { return }
        let claims = ServiceAddressAllocator.claims(of: request.object)
        // The store published the write before it was acknowledged; a failure shows again at the next use.
        try? await follow()
        state.withLock { $0.allocator.endReservation(of: claims, for: Self.owner(request)) }
    }

    private static func owner(_ request: AdmissionRequest) -> String {
        NamespacedName(namespace: request.namespace, name: request.object.name).description
    }

    /// Catches up with the store.
    private func follow() async throws(APIStatus) {
        let isCurrent = state.withLock { state in
            guard let subscription = state.events, let events = try? subscription.takeBuffered() else { return false }
            for event in events { Self.apply(event.current, deleted: event.kind == .deleted, to: &state.allocator) }
            return true
        }
        if isCurrent { return }
        do throws(StoreError) {
            let page = try await store.objects(in: Self.range, at: .latest, after: nil, limit: nil)
            let subscription = try await store.events(in: Self.range, after: page.revision)
            let replaced = state.withLock { state in
                state.allocator.forgetOwners()
                for object in page.objects { Self.apply(object, deleted: false, to: &state.allocator) }
                defer { state.events = subscription }
                return state.events
            }
            replaced?.cancel()
        } catch { throw .failedLookup(error) }
    }

    private static func apply(_ stored: StoredObject, deleted: Bool, to allocator: inout ServiceAddressAllocator) {
        let service = stored.value
        let claims = deleted ? ServiceAddressAllocator.Claims() : ServiceAddressAllocator.claims(of: service)
        allocator.observe(claims, of: service.namespacedName.description)
    }
}
