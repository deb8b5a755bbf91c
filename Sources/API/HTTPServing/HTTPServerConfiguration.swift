/// What a server proves itself with, and whom it believes. All texts are PEM.
package struct ServerTLS: Sendable {
    /// The server's certificate, followed by intermediates if there are any.
    package var certificateChain: String
    /// The key of the first certificate.
    package var privateKey: String
    /// The authority that client certificates must come from.
    package var clientAuthority: String

    /// TLS material.
    package init(certificateChain: String, privateKey: String, clientAuthority: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.clientAuthority = clientAuthority
    }
}

/// An address to listen at.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address of this host.
    package var host: String
    /// The TCP port; 0 lets the system choose.
    package var port: Int

    /// An address.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { "\(host):\(port)" }
}

/// The limits of a server, and what happens at them.
package struct HTTPServerConfiguration: Sendable {
    /// TLS; nil serves plain HTTP/1.1.
    package var tls: ServerTLS?
    /// The longest request body; above it the answer is 413 and the connection closes. Kubernetes' is 3 MiB; protobuf
    /// and patches of an object of that size need a little more.
    package var maximumBody = 3 << 20 + 64 << 10
    /// The longest body of a request without a client certificate or a token, which may not write anything anyway.
    package var maximumAnonymousBody = 64 << 10
    /// The most bytes of bodies of all requests that are under way; above it the answer is 429 with Retry-After.
    /// Requests with a token get three quarters of it, those without credentials one.
    package var maximumBodies = 256 << 20
    /// The most bytes of whole replies that have not left yet, and one reply more; above it the answer is 429 with
    /// Retry-After. Shared as `maximumBodies` is. Replies in pieces do not count: only one piece is under way.
    package var maximumReplies = 256 << 20
    /// The most bytes of all header fields of a request; above it the connection closes.
    package var maximumHeader = 1 << 20
    /// The most open connections; one above it is closed at once.
    package var maximumConnections = 5000
    /// The most requests at once on one HTTP/2 connection; the client waits (RFC 9113 5.1.2).
    package var maximumConcurrentStreams = 250
    /// The most control frames, and the most streams reset, in 30 seconds on one HTTP/2 connection; above it the
    /// connection is closed. A client that ends many watches at once stays far below.
    package var maximumControlFrames = 10_000
    /// The longest message of a WebSocket; above it the channel is closed with code 1009.
    package var maximumMessage = 4 << 20
    /// How long a new connection may take to its first complete request header (kube-apiserver: 32 s).
    package var headerTimeout = Duration.seconds(32)
    /// How long a request's body may take; then 408.
    package var bodyTimeout = Duration.seconds(60)
    /// How long a whole reply may take to leave; then the connection, or the stream of HTTP/2, is closed
    /// (kube-apiserver breaks a reply off after 60 s).
    package var replyTimeout = Duration.seconds(60)
    /// How long a connection may stay without a request (kube-apiserver: 90 s).
    package var idleTimeout = Duration.seconds(90)
    /// How long an upgraded connection may stay without a byte in either direction (kubelet: 4 h); then it is closed.
    package var upgradedIdleTimeout = Duration.seconds(4 * 3600)
    /// How long running requests may go on after `stop()`.
    package var stopTimeout = Duration.seconds(5)
    /// How many requests may wait to be started; above it 429. They wait only while the machine is overloaded.
    package var maximumQueue = 4096

    /// The defaults.
    package init(tls: ServerTLS? = nil) { self.tls = tls }
}

/// Why a server does not serve.
package enum HTTPServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another program listens there.
    case addressInUse(ListenAddress)
    /// The system refuses to listen there.
    case cannotListen(ListenAddress, String)
    /// The certificate, key or authority cannot be read.
    case invalidTLS(String)
    /// The server was stopped.
    case stopped

    package var description: String {
        switch self {
        case .addressInUse(let address): "cannot listen at \(address): the address is in use by another program"
        case .cannotListen(let address, let reason): "cannot listen at \(address): \(reason)"
        case .invalidTLS(let reason): "invalid TLS certificate, key or authority: \(reason)"
        case .stopped: "the server was stopped"
        }
    }
}
