/// A probe over the network, resolved to an address. (A command is run by the runtime.)
package enum NetworkProbe: Sendable, Hashable {
    /// GET; success is 200…399. Redirects within the host are followed.
    case http(scheme: String, host: String, port: Int, path: String, headers: [HeaderField])
    /// Success is a connection.
    case tcp(host: String, port: Int)
    /// grpc.health.v1.Health/Check; success is SERVING.
    case grpc(host: String, port: Int, service: String)

    /// One header field.
    package struct HeaderField: Sendable, Hashable {
        /// The name.
        package var name: String
        /// The value.
        package var value: String

        /// A field.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// How a probe ended.
package enum ProbeResult: Sendable, Hashable {
    /// It succeeded.
    case success
    /// It succeeded, and why people should look at it nevertheless.
    case warning(String)
    /// There was an answer, and it is not that of a healthy server; why, in kubelet's words. As a lifecycle hook the request
    /// has done its work.
    case unhealthy(String)
    /// It failed without an answer, and why, in kubelet's words.
    case failure(String)

    /// Whether the probe counts as a success.
    package var isSuccess: Bool {
        switch self {
        case .success, .warning: true
        case .unhealthy, .failure: false
        }
    }
}

/// Runs probes over the network.
package protocol NetworkProber: Sendable {
    /// Runs one probe; never longer than `timeout`.
    func probe(_ probe: NetworkProbe, timeout: Duration) async -> ProbeResult
}
