internal import ObjectModel

/// The rules of Endpoints and EndpointSlices.
enum EndpointRules {
    private static let maximumEndpoints = 1000
    private static let maximumAddresses = 100
    private static let maximumPorts = 20000

    static func slice(_ slice: Value) -> [FieldError] {
        let type = slice.text("addressType")
        return Rules.choice(type, FieldPath("addressType"), of: ["FQDN", "IPv4", "IPv6"])
            + ports(slice.items("ports"), FieldPath("ports"))
            + endpoints(slice.items("endpoints"), type: type, FieldPath("endpoints"))
    }

    private static func ports(_ ports: [Value], _ path: FieldPath) -> [FieldError] {
        if ports.count > maximumPorts { return [tooMany(ports.count, maximumPorts, path)] }
        var names: Set<String> = []
        var errors: [FieldError] = []
        for (index, port) in ports.enumerated() {
            let itemPath = path.index(index)
            let name = port.text("name")
            if !name.isEmpty { errors += Rules.label(name, itemPath.child("name")) }
            if !names.insert(name).inserted { errors.append(Rules.duplicate(itemPath.child("name"), .string(name))) }
            errors += Rules.choice(port.text("protocol"), itemPath.child("protocol"), of: Rules.transports)
            if let appProtocol = port["appProtocol"]?.string {
                errors += Rules.qualifiedName(appProtocol, itemPath.child("appProtocol"))
            }
        }
        return errors
    }

    private static func endpoints(_ endpoints: [Value], type: String, _ path: FieldPath) -> [FieldError] {
        if endpoints.count > maximumEndpoints { return [tooMany(endpoints.count, maximumEndpoints, path)] }
        return endpoints.enumerated().flatMap { endpoint($1, type: type, path.index($0)) }
    }

    private static func endpoint(_ endpoint: Value, type: String, _ path: FieldPath) -> [FieldError] {
        let addresses = endpoint.texts("addresses")
        let addressesPath = path.child("addresses")
        var errors: [FieldError] = []
        if addresses.isEmpty {
            errors.append(Rules.required(addressesPath, "must contain at least 1 address"))
        } else if addresses.count > maximumAddresses {
            errors.append(tooMany(addresses.count, maximumAddresses, addressesPath))
        }
        for (index, address) in addresses.enumerated() {
            let itemPath = addressesPath.index(index)
            if type == "FQDN" {
                errors += Rules.subdomain(address, itemPath)
                continue
            }
            let problems = Rules.ipAddress(address, itemPath)
            if problems.isEmpty, ["IPv4", "IPv6"].contains(type), (IPv4Address(address) != nil) != (type == "IPv4") {
                errors.append(Rules.invalid(addressesPath, .string(address), "must be an \(type) address"))
            }
            errors += problems.isEmpty ? self.address(address, itemPath) : problems
        }
        if let name = endpoint["nodeName"]?.string { errors += Rules.subdomain(name, path.child("nodeName")) }
        if let name = endpoint["hostname"]?.string { errors += Rules.label(name, path.child("hostname")) }
        return errors
    }

    static func subsets(_ subsets: [Value], _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (position, subset) in subsets.enumerated() {
            let itemPath = path.index(position)
            let lists = ["addresses", "notReadyAddresses"]
            if lists.allSatisfy({ subset.items($0).isEmpty }) {
                errors.append(Rules.required(itemPath, "must specify `addresses` or `notReadyAddresses`"))
            }
            for list in lists {
                for (index, value) in subset.items(list).enumerated() {
                    errors += subsetAddress(value, itemPath.child(list).index(index))
                }
            }
            let ports = subset.items("ports")
            for (index, port) in ports.enumerated() {
                errors += subsetPort(port, needsName: ports.count > 1, itemPath.child("ports").index(index))
            }
        }
        return errors
    }

    private static func subsetAddress(_ value: Value, _ path: FieldPath) -> [FieldError] {
        var errors = address(value.text("ip"), path.child("ip"))
        if !value.text("hostname").isEmpty { errors += Rules.label(value.text("hostname"), path.child("hostname")) }
        if let name = value["nodeName"]?.string { errors += Rules.subdomain(name, path.child("nodeName")) }
        return errors
    }

    private static func subsetPort(_ port: Value, needsName: Bool, _ path: FieldPath) -> [FieldError] {
        let name = port.text("name")
        var errors: [FieldError] = []
        if !name.isEmpty {
            errors += Rules.label(name, path.child("name"))
        } else if needsName {
            errors.append(Rules.required(path.child("name")))
        }
        errors += Rules.portNumber(port.number("port") ?? 0, path.child("port"))
        return errors + Rules.choice(port.text("protocol"), path.child("protocol"), of: Rules.transports)
    }

    /// An address that others can reach (upstream's `ValidateEndpointIP`).
    static func address(_ text: String, _ path: FieldPath) -> [FieldError] {
        let problems = Rules.ipAddress(text, path)
        guard problems.isEmpty else { return problems }
        let lowered = text.lowercased()
        let special = [
            (text == "0.0.0.0" || text == "::", "may not be unspecified (\(text))"),
            (text.hasPrefix("127.") || text == "::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
            (
                text.hasPrefix("169.254.") || lowered.hasPrefix("fe80:"),
                "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
            ),
            (
                text.hasPrefix("224.0.0.") || lowered.hasPrefix("ff02:"),
                "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
            ),
        ]
        return special.filter(\.0).map { Rules.invalid(path, .string(text), $0.1) }
    }

    private static func tooMany(_ count: Int, _ limit: Int, _ path: FieldPath) -> FieldError {
        FieldError(.tooMany, path.description, .integer(Int64(count)), "must have at most \(limit) items")
    }
}
