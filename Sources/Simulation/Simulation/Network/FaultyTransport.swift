internal import APIProtocol
internal import ObjectModel
internal import Synchronization

/// The way of one process to the API, on which things go wrong as often as the rates say.
final class FaultyTransport: APITransport {
    /// No request takes no time: else two processes that undo each other's work would do so for ever in one moment.
    private static let shortestDelay = Duration.microseconds(200)

    private let link: Link
    private let network: SimulatedNetwork
    private let clock: VirtualClock
    private let random: SeededRandom
    private let rates: @Sendable () -> FaultRates
    private let mutation: Mutation?
    private let auditor: WatchAuditor
    private let serverLink: @Sendable () -> Link?

    init(
        _ link: Link, network: SimulatedNetwork, clock: VirtualClock, random: SeededRandom,
        rates: @escaping @Sendable () -> FaultRates, mutation: Mutation?, auditor: WatchAuditor,
        serverLink: @escaping @Sendable () -> Link?
    ) {
        self.link = link
        self.network = network
        self.clock = clock
        self.random = random
        self.rates = rates
        self.mutation = mutation
        self.auditor = auditor
        self.serverLink = serverLink
    }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        guard link.isAlive, !Task.isCancelled else { throw .cancelled }
        let rates = rates()
        // Processes of a simulation are far from each other.
        var request = request.onTheWire
        if request.queryFlag("watch") { return try await watch(&request, rates) }
        let writes = request.method != .get
        if random.chance(rates.crash / 2) {
            link.cut()
            throw .cancelled
        }
        if random.chance(rates.unreachable) { throw .unreachable("drawn") }
        if request.method == .patch || request.method == .delete, random.chance(rates.conflict) {
            return .status(APIStatus(code: 409, reason: .conflict, message: "drawn: somebody wrote first"))
        }
        let crashes = random.chance(rates.crash / 2)
        let isLost = writes && random.chance(rates.lostReply)
        var sent: APIRequest? = request
        if let mutation { sent = mutation.request(request) }
        // What a bug swallows looks done.
        guard let sent else { return .json(["metadata": [:]]) }
        let response = try await deliver(sent, rates)
        if crashes { link.cut() }
        guard link.isAlive else { throw .cancelled }
        if isLost { throw .lostReply("drawn") }
        return mutation?.changed(response, to: request) ?? response
    }

    private func deliver(_ request: APIRequest, _ rates: FaultRates) async throws(TransportError) -> APIResponse {
        let delay = random.chance(rates.delay) ? random.duration(upTo: rates.longestDelay) : Self.shortestDelay
        let message = SimulatedNetwork.Message(request, from: link.identity, delay: delay)
        let result: Result<APIResponse, TransportError>
        do throws(TransportError) {
            result = .success(try await network.send(message))
        } catch {
            result = .failure(error)
        }
        await link.waitUntilThawed(clock)
        return try result.get()
    }

    // MARK: Watches

    private func watch(_ request: inout APIRequest, _ rates: FaultRates) async throws(TransportError) -> APIResponse {
        if random.chance(rates.unreachable) { throw .unreachable("drawn") }
        if random.chance(rates.repeats), let text = request.query("resourceVersion"), let revision = Int64(text) {
            // What a client that lost its last line asks for.
            let earlier = max(1, revision - Int64(random.number(in: 1...20)))
            for index in request.query.indices where request.query[index].name == "resourceVersion" {
                request.query[index].value = String(earlier)
            }
        }
        let server = serverLink()
        var response = try await deliver(request, rates)
        guard case .stream(let stream) = response.body, response.code < 300 else { return response }
        let sent = request
        let audit = auditor.begin(request)
        let isOver = Shared(false)
        response.body = .stream(
            ByteStream(
                next: { [self] in
                    if isOver.value || !link.isAlive { return nil }
                    let rates = self.rates()
                    if random.chance(rates.expired) {
                        isOver.set(true)
                        return Self.expired
                    }
                    if random.chance(rates.cut) {
                        isOver.set(true)
                        return nil
                    }
                    var next = try await stream.next()
                    while let lost = next, mutation?.loses(lost) == true { next = try await stream.next() }
                    guard let piece = next, server?.isAlive == true else { return nil }
                    audit?.saw(piece)
                    if random.chance(rates.lag) {
                        try? await clock.sleep(random.duration(upTo: rates.longestLag))
                    }
                    await link.waitUntilThawed(clock)
                    guard link.isAlive else { return nil }
                    return mutation?.changed(watched: piece, of: sent) ?? piece
                }, cancel: { stream.cancel() }))
        return response
    }

    private static let expired: [UInt8] = {
        let status = APIStatus(code: 410, reason: .expired, message: "drawn: too old resource version")
        return JSON.write(["type": "ERROR", "object": status.object]) + [0x0A]
    }()
}

/// A value shared by closures that run one after the other.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func set(_ value: Value) { state.withLock { $0 = value } }
}
