internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import NIOCore
internal import NodeInterfaces

/// The gRPC connection to a containerd's socket. It reconnects by itself; a call while there is none waits for its
/// deadline or, when containerd refuses, fails.
struct ContainerdConnection: Sendable {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    /// The namespace that containerd's CRI plugin keeps everything in.
    static let namespace = "k8s.io"
    /// The largest answer in bytes; a list of some thousand containers fits.
    static let maximumAnswer = 64 << 20
    /// Names the namespace to the services that are not CRI's.
    static let metadata: Metadata = ["containerd-namespace": .string(namespace)]

    let client: Client
    var runtime: Runtime_V1_RuntimeService.Client<HTTP2ClientTransport.Posix> { .init(wrapping: client) }
    var images: Runtime_V1_ImageService.Client<HTTP2ClientTransport.Posix> { .init(wrapping: client) }
    var events: Containerd_Services_Events_V1_Events.Client<HTTP2ClientTransport.Posix> { .init(wrapping: client) }
    var tasks: Containerd_Services_Tasks_V1_Tasks.Client<HTTP2ClientTransport.Posix> { .init(wrapping: client) }

    init(socket: String) throws {
        let transport = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: socket, authority: "localhost"), transportSecurity: .plaintext,
            config: .defaults { config in
                config.backoff = .init(
                    initial: .milliseconds(20), max: .seconds(1), multiplier: 1.4, jitter: 0.1)
                config.connection.maxIdleTime = nil
                config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                    channel.eventLoop.submit {
                        try channel.pipeline.syncOperations.addHandler(PingAbsorber(), position: .first)
                    }
                }
            })
        client = Client(transport: transport)
    }

    /// Keeps the connection until the task is cancelled.
    func serve() async throws { try await client.runConnections() }

    /// Options of a call that may take `timeout`.
    static func options(_ timeout: Duration) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = timeout
        options.waitForReady = true
        options.maxResponseMessageBytes = maximumAnswer
        return options
    }

    /// Makes a call and gives its error the agent's shape.
    func call<Answer>(
        _ name: String, _ body: (Self) async throws -> Answer
    ) async throws(NodeInterfaces.RuntimeError) -> Answer {
        do { return try await body(self) } catch { throw NodeInterfaces.RuntimeError(error, during: name) }
    }
}

extension Duration {
    /// How long an ordinary call may take.
    static let usualCall = Duration.seconds(120)
    /// How long a sandbox may take: image, namespaces and network.
    static let sandboxCall = Duration.seconds(240)
    /// How long a pull may take.
    static let pullCall = Duration.seconds(1800)
    /// How long reading state may take.
    static let readCall = Duration.seconds(10)
}
