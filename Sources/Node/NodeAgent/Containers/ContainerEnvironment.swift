internal import Kinds
internal import ObjectModel

/// Makes the environment of a container (kubelet's `makeEnvironmentVariables`): Service variables, then `envFrom`, then
/// `env`; what comes later wins.
struct ContainerEnvironment {
    let fields: PodFields
    let data: ReferencedData
    let services: [ServiceView]

    private var namespace: String { fields.pod.key.namespace }

    func variables(of container: ContainerView) throws(ConfigurationError) -> [(name: String, value: String)] {
        var known = ServiceVariables.of(
            services, namespace: namespace, enableServiceLinks: fields.pod.view.spec.enableServiceLinks)
        for source in container.environmentSources {
            for (key, value) in try allKeys(of: source) { known[source.text("prefix") + key] = value }
        }
        var order = known.keys.sorted()
        for variable in container.environment {
            let name = variable.text("name")
            guard let value = try value(of: variable, container, known) else { continue }
            if known[name] == nil || !order.contains(name) { order.append(name) }
            known[name] = value
        }
        return order.compactMap { name in known[name].map { (name, $0) } }
    }

    private func value(
        of variable: Value, _ container: ContainerView, _ known: [String: String]
    ) throws(ConfigurationError) -> String? {
        guard let source = variable.object("valueFrom") else {
            return Expansion.expand(variable.text("value"), with: known)
        }
        if let reference = source.object("fieldRef") {
            let path = reference.text("fieldPath")
            guard let text = fields.field(path) else { throw ConfigurationError("unsupported fieldPath: \(path)") }
            return text
        }
        if let reference = source.object("resourceFieldRef") {
            return try fields.resource(reference, container: container)
        }
        if let reference = source.object("configMapKeyRef") { return try configMapKey(reference) }
        if let reference = source.object("secretKeyRef") { return try secretKey(reference) }
        return ""
    }

    private func configMapKey(_ reference: Value) throws(ConfigurationError) -> String? {
        let name = reference.text("name")
        guard let map = data.configMaps[name] else {
            if reference.flag("optional") { return nil }
            throw ConfigurationError("configmap \"\(name)\" not found")
        }
        if let text = map.data[reference.text("key")] { return text }
        if reference.flag("optional") { return nil }
        throw ConfigurationError("couldn't find key \(reference.text("key")) in ConfigMap \(namespace)/\(name)")
    }

    private func secretKey(_ reference: Value) throws(ConfigurationError) -> String? {
        let name = reference.text("name")
        guard let secret = data.secrets[name] else {
            if reference.flag("optional") { return nil }
            throw ConfigurationError("secret \"\(name)\" not found")
        }
        if let bytes = secret.data[reference.text("key")].flatMap(Base64.decode) {
            return String(decoding: bytes, as: UTF8.self)
        }
        if reference.flag("optional") { return nil }
        throw ConfigurationError("couldn't find key \(reference.text("key")) in Secret \(namespace)/\(name)")
    }

    private func allKeys(of source: Value) throws(ConfigurationError) -> [String: String] {
        if let reference = source.object("configMapRef") {
            let name = reference.text("name")
            if let map = data.configMaps[name] { return map.data }
            if reference.flag("optional") { return [:] }
            throw ConfigurationError("configmap \"\(name)\" not found")
        }
        if let reference = source.object("secretRef") {
            let name = reference.text("name")
            if let secret = data.secrets[name] {
                return ReferencedData.bytes(of: secret).mapValues { String(decoding: $0, as: UTF8.self) }
            }
            if reference.flag("optional") { return [:] }
            throw ConfigurationError("secret \"\(name)\" not found")
        }
        return [:]
    }
}

/// The variables that tell a container of Services (kubelet's `envvars.FromServices`): those of `kubernetes` always,
/// those of the pod's namespace with `enableServiceLinks`.
enum ServiceVariables {
    static func of(_ services: [ServiceView], namespace: String, enableServiceLinks: Bool) -> [String: String] {
        var variables: [String: String] = [:]
        // The pod's own namespace last, so that its Services win over the cluster's `kubernetes`.
        let ordered = services.sorted { left, _ in left.metadata.namespace != namespace }
        for service in ordered where !["", "None"].contains(service.clusterIP) {
            let isMaster = service.metadata.namespace == "default" && service.metadata.name == "kubernetes"
            let isLinked = enableServiceLinks && service.metadata.namespace == namespace
            if isMaster || isLinked { add(service, to: &variables) }
        }
        return variables
    }

    private static func add(_ service: ServiceView, to variables: inout [String: String]) {
        guard let first = service.ports.first else { return }
        let name = upper(service.metadata.name)
        let address = service.clusterIP
        variables["\(name)_SERVICE_HOST"] = address
        variables["\(name)_SERVICE_PORT"] = String(first.port)
        variables["\(name)_PORT"] = url(first, address)
        for port in service.ports {
            if !port.name.isEmpty { variables["\(name)_SERVICE_PORT_\(upper(port.name))"] = String(port.port) }
            let prefix = "\(name)_PORT_\(port.port)_\(port.transport.uppercased())"
            variables[prefix] = url(port, address)
            variables["\(prefix)_PROTO"] = port.transport.lowercased()
            variables["\(prefix)_PORT"] = String(port.port)
            variables["\(prefix)_ADDR"] = address
        }
    }

    private static func url(_ port: ServiceView.Port, _ address: String) -> String {
        "\(port.transport.lowercased())://\(address):\(port.port)"
    }

    private static func upper(_ name: String) -> String {
        String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }
}
