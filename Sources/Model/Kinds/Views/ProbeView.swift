package import ObjectModel

/// A port by number or by the name of a container's (or service's) port.
package enum PortReference: Sendable, Hashable {
    case number(Int)
    case name(String)

    /// Reads an IntOrString; nil when it is neither, empty or 0.
    package init?(_ value: Value?) {
        if let number = value?.int, number != 0 {
            self = .number(number)
        } else if let name = value?.string, !name.isEmpty {
            self = Int(name).map { .number($0) } ?? .name(name)
        } else {
            return nil
        }
    }
}

/// A probe of a container, with its defaults filled in.
package struct ProbeView: Sendable, Hashable {
    /// How it asks.
    package enum Action: Sendable, Hashable {
        case exec(command: [String])
        case httpGet(HTTPGet)
        /// An empty host means the pod's address.
        case tcpSocket(host: String, port: PortReference?)
        case grpc(port: Int, service: String)
        /// No action is given.
        case none

        /// Whether it asks a server by HTTP or TCP, which costs next to nothing.
        package var isOverNetwork: Bool {
            switch self {
            case .httpGet, .tcpSocket: true
            default: false
            }
        }
    }

    /// An HTTP request.
    package struct HTTPGet: Sendable, Hashable {
        /// `HTTP` or `HTTPS`.
        package let scheme: String
        /// The host; empty means the pod's address.
        package let host: String
        /// The port.
        package let port: PortReference?
        /// The path.
        package let path: String
        /// Names and values of extra headers.
        package let headers: [Header]

        /// Reads an HTTPGetAction.
        package init(_ value: Value) {
            scheme = value["scheme"]?.string ?? "HTTP"
            host = value.text("host")
            port = PortReference(value["port"])
            path = value["path"]?.string ?? "/"
            headers = value.items("httpHeaders").map { Header(name: $0.text("name"), value: $0.text("value")) }
        }
    }

    /// A header of an HTTP request.
    package struct Header: Sendable, Hashable {
        /// The name.
        package let name: String
        /// The value.
        package let value: String
    }

    /// How it asks.
    package let action: Action
    /// Seconds from the container's start to the first probe.
    package let initialDelaySeconds: Int
    /// Seconds between probes.
    package let periodSeconds: Int
    /// Seconds one probe may take.
    package let timeoutSeconds: Int
    /// Successes in a row that make success.
    package let successThreshold: Int
    /// Failures in a row that make failure.
    package let failureThreshold: Int
    /// The grace period of a restart that this probe causes; nil means the pod's.
    package let terminationGracePeriodSeconds: Int?

    /// Reads a Probe.
    package init(_ value: Value) {
        action = Action(value)
        initialDelaySeconds = value.number("initialDelaySeconds") ?? 0
        periodSeconds = value.number("periodSeconds") ?? 10
        timeoutSeconds = value.number("timeoutSeconds") ?? 1
        successThreshold = value.number("successThreshold") ?? 1
        failureThreshold = value.number("failureThreshold") ?? 3
        terminationGracePeriodSeconds = value.number("terminationGracePeriodSeconds")
    }
}

extension ProbeView.Action {
    /// Reads the handler of a probe or of a lifecycle hook.
    package init(_ value: Value) {
        if let exec = value.object("exec") {
            self = .exec(command: exec.texts("command"))
        } else if let request = value.object("httpGet") {
            self = .httpGet(ProbeView.HTTPGet(request))
        } else if let socket = value.object("tcpSocket") {
            self = .tcpSocket(host: socket.text("host"), port: PortReference(socket["port"]))
        } else if let grpc = value.object("grpc") {
            self = .grpc(port: grpc.number("port") ?? 0, service: grpc.text("service"))
        } else {
            self = .none
        }
    }
}
