internal import APIProtocol
internal import APIServer
internal import BuiltinAPI
internal import ControllerRuntime
internal import Kinds
internal import Logging
internal import ObjectModel
internal import ObjectStorage
internal import Schema
internal import Synchronization

/// A whole cluster in one loop: the real server, controllers, scheduler and agents over a durable store and simulated
/// machines. Each process runs until it crashes, and then again.
final class SimulatedCluster: Sendable {
    /// Controllers and scheduler, twice: one leads, the other waits for its end.
    static let controlProcesses = ["control-0", "control-1"]
    /// The API server.
    static let serverProcess = "server"
    private static let longestPause = Duration.seconds(20)

    private struct State {
        var server: (api: APIServer, link: Link)?
        var links: [String: Link] = [:]
        var pauses: [String: Duration] = [:]
        var rates: FaultRates
    }

    let clock: VirtualClock
    let ledger: Ledger
    let machines: [SimulatedMachine]
    let registry: KindRegistry
    let volumes = SimulatedVolumes()
    private let random: SeededRandom
    private let store: SimulatedStore
    private let auditor: WatchAuditor
    private let mutation: Mutation?
    private let state: Mutex<State>
    private let network: SimulatedNetwork
    private let server: CurrentServer

    init(clock: VirtualClock, random: SeededRandom, nodes: Int, rates: FaultRates, mutation: Mutation?) throws {
        let ledger = Ledger(clock: clock)
        let auditor = WatchAuditor { ledger.report(.watchesAreFaithful, $0) }
        let server = CurrentServer()
        self.clock = clock
        self.ledger = ledger
        self.random = random
        self.mutation = mutation
        self.auditor = auditor
        self.server = server
        registry = try BuiltinKinds.registry()
        state = Mutex(State(rates: rates))
        store = SimulatedStore { event in
            auditor.committed(event)
            ledger.observe(event)
        }
        network = SimulatedNetwork(clock: clock) { server.now?.api }
        let range = IPv4Range("10.244.0.0/16")
        machines = (0..<nodes).compactMap { number in
            guard let range = range?.subrange(number, prefixLength: 24) else { return nil }
            return SimulatedMachine(
                "node-\(number)", range: range, startDelay: random.duration(upTo: .seconds(4)),
                stopDelay: random.duration(upTo: .seconds(60)), clock: clock,
                started: { ledger.started($1, on: $0) },
                stopped: { ledger.note("\($0.name) ended \($1.pod.name) \($1.uid.prefix(4))") })
        }
        for machine in machines { ledger.add(machine) }
    }

    // MARK: What happens to it

    /// How often things go wrong from now on.
    func set(_ rates: FaultRates) { state.withLock { $0.rates = rates } }

    /// Ends a process as kill -9 does; it comes back after a while.
    func crash(_ process: String, pause: Duration? = nil) {
        let link = state.withLock { state in
            state.pauses[process] = pause
            return state.links[process]
        }
        link?.cut()
    }

    /// Holds a process up for a time; its machine and what it has sent go on.
    func pause(_ process: String, for time: Duration) {
        let link = state.withLock { $0.links[process] }
        link?.freeze(until: clock.uptime + time)
    }

    /// Lets every process go on.
    func resumeAll() {
        for link in state.withLock({ $0.links.values.sorted { $0.name < $1.name } }) { link.freeze(until: nil) }
    }

    /// Forgets history but for the newest revisions.
    func compact(keeping revisions: Int64) { store.compact(keeping: revisions) }

    /// A client of people: nothing goes wrong on its way, but the server may be down.
    func client(_ user: String) -> APIClient {
        APIClient(
            UserTransport(server: server, clock: clock),
            credentials: .inProcess(UserInfo(name: user, groups: [UserInfo.mastersGroup])))
    }

    // MARK: Processes

    /// Runs every process until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.network.run() }
            group.addTask { await self.supervise(Self.serverProcess) { await self.serve($0) } }
            for name in Self.controlProcesses {
                group.addTask { await self.supervise(name) { await self.control($0) } }
            }
            for machine in machines {
                group.addTask { await self.supervise(machine.name) { await self.agent($0, on: machine) } }
            }
        }
    }

    /// Runs a process, again after each crash.
    private func supervise(_ name: String, _ body: @escaping @Sendable (Link) async -> Void) async {
        var run = 0
        while !Task.isCancelled {
            run += 1
            let link = Link(name, run: run)
            state.withLock { $0.links[name] = link }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await body(link) }
                group.addTask { await link.waitUntilCut() }
                await group.next()
                link.cut()
                group.cancelAll()
            }
            let pause = state.withLock { $0.pauses.removeValue(forKey: name) }
            try? await clock.sleep(pause ?? random.duration(upTo: Self.longestPause))
        }
    }

    private func serve(_ link: Link) async {
        let environment = clock.serverEnvironment(random.fork("server"))
        let luck = random.fork("store")
        let store = StoreHandle(store: store, link: link) { [rates] in luck.chance(rates().storeFailure) }
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        guard let serviceRange = IPv4Range("10.96.0.0/16"), let api = IPv4Address("10.244.0.1"),
            let dns = IPv4Address("10.96.0.10")
        else { return }
        parts.admission = BuiltinAdmission.plugins(store: store, serviceRange: serviceRange, environment: environment)
        parts.subresources = BuiltinSubresources.handlers(nodes: NoNodes(), tokens: NoTokens(), store: store)
        parts.environment = environment
        parts.logger = Self.logger
        let server = APIServer(registry: registry, store: store, parts: parts)
        let settings = BootstrapSettings(serviceRange: serviceRange, apiAddress: api, apiPort: 6443, dnsAddress: dns)
        let client = APIClient(
            server, credentials: .inProcess(UserInfo(name: "bootstrap", groups: [UserInfo.mastersGroup])))
        do throws(APIError) {
            try await Bootstrap(client, settings).run()
        } catch {
            return
        }
        self.server.set(server, link)
        await link.waitUntilCut()
        self.server.set(nil, link)
        self.store.watched.endSubscriptions(.unavailable("the server has crashed"))
    }

    static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    func transport(_ link: Link) -> FaultyTransport {
        FaultyTransport(
            link, network: network, clock: clock, random: random.fork("requests of \(link.name)"), rates: rates,
            mutation: Self.controlProcesses.contains(link.name) ? mutation : nil, auditor: auditor,
            serverLink: { [server] in server.now?.link })
    }

    var rates: @Sendable () -> FaultRates { { [self] in state.withLock { $0.rates } } }

    func processClock(_ link: Link) -> ControlClock { clock.controlClock(random.fork("clock of \(link.name)"), link) }

    func processRandom(_ label: String) -> SeededRandom { random.fork(label) }
}

/// The server that runs now.
final class CurrentServer: Sendable {
    private let state = Mutex<(api: APIServer, link: Link)?>(nil)
    var now: (api: APIServer, link: Link)? { state.withLock { $0 } }
    func set(_ api: APIServer?, _ link: Link) { state.withLock { $0 = api.map { ($0, link) } } }
}

/// The way of people to the server: they try again while it is down.
private struct UserTransport: APITransport {
    let server: CurrentServer
    let clock: VirtualClock

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        while true {
            if let server = server.now { return try await server.api.send(request) }
            do {
                try await clock.sleep(.seconds(1))
            } catch {
                throw .cancelled
            }
        }
    }
}

private struct NoNodes: NodeDirectory {
    func connection(to name: String) async -> (any NodeConnection)? { nil }
}

private struct NoTokens: TokenIssuer {
    var defaultAudiences: [String] { [] }
    func token(_ claims: ServiceAccountClaims) async throws(APIStatus) -> String { "" }
}
