package import Kinds
package import NodeInterfaces

/// What a probe does, resolved against its pod and container.
package enum ProbeTarget: Sendable, Hashable {
    /// Runs a command in the container; success is exit code 0.
    case exec([String])
    /// Asks over the network.
    case network(NetworkProbe)
    /// Cannot be asked; it counts as a failure with this message.
    case unresolved(String)

    /// Resolves the action of a probe or of a lifecycle hook. A host that is not given is `podIP`; a port's name is
    /// looked up among the container's ports; `expand` replaces `$(NAME)` in a command.
    package init(
        _ action: ProbeView.Action, of container: ContainerView, podIP: String,
        expand: (String) -> String = { $0 }
    ) {
        switch action {
        case .exec(let command): self = .exec(command.map(expand))
        case .httpGet(let request): self = Self.http(request, container, podIP)
        case .tcpSocket(let host, let port):
            self = Self.withPort(port, container) { number in .tcp(host: host.isEmpty ? podIP : host, port: number) }
        case .grpc(let port, let service):
            self = Self.withPort(.number(port), container) { number in
                .grpc(host: podIP, port: number, service: service)
            }
        case .none: self = .unresolved("missing probe handler for container \(container.name)")
        }
    }

    private static func http(
        _ request: ProbeView.HTTPGet, _ container: ContainerView, _ podIP: String
    ) -> ProbeTarget {
        withPort(request.port, container) { number in
            .http(
                scheme: request.scheme.isEmpty ? "http" : request.scheme.lowercased(),
                host: request.host.isEmpty ? podIP : request.host, port: number,
                path: request.path.hasPrefix("/") ? request.path : "/\(request.path)",
                headers: request.headers.map { NetworkProbe.HeaderField(name: $0.name, value: $0.value) })
        }
    }

    private static func withPort(
        _ port: PortReference?, _ container: ContainerView, _ make: (Int) -> NetworkProbe
    ) -> ProbeTarget {
        let number: Int
        switch port {
        case .number(let given): number = given
        case .name(let name):
            guard let found = container.ports.first(where: { $0.name == name }) else {
                return .unresolved("port \(name) not found")
            }
            number = found.containerPort
        case nil: number = 0
        }
        guard (1...65535).contains(number) else { return .unresolved("invalid port number: \(number)") }
        return .network(make(number))
    }
}
