internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// Resolves the action of a probe or a lifecycle hook to something that can be run.
enum HandlerTarget: Hashable {
    case command([String])
    case network(NetworkProbe)
    case invalid(String)

    init(_ action: ProbeView.Action, container: ContainerView, podIP: String) {
        switch action {
        case .exec(let command): self = .command(command)
        case .httpGet(let get):
            guard let port = Self.port(get.port, in: container) else {
                self = .invalid("invalid port")
                return
            }
            self = .network(
                .http(
                    scheme: get.scheme, host: get.host.isEmpty ? podIP : get.host, port: port, path: get.path,
                    headers: get.headers.map { .init(name: $0.name, value: $0.value) }))
        case .tcpSocket(let host, let reference):
            guard let port = Self.port(reference, in: container) else {
                self = .invalid("invalid port")
                return
            }
            self = .network(.tcp(host: host.isEmpty ? podIP : host, port: port))
        case .grpc(let port, let service): self = .network(.grpc(host: podIP, port: port, service: service))
        case .none: self = .invalid("missing probe handler")
        }
    }

    /// A port by number or by the name of one of the container's ports.
    static func port(_ reference: PortReference?, in container: ContainerView) -> Int? {
        switch reference {
        case .number(let number): (1...65535).contains(number) ? number : nil
        case .name(let name): container.ports.first { $0.name == name }?.containerPort
        case nil: nil
        }
    }
}
