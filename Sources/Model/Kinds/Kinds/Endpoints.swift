internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Where a Service is served, in one object: the older form of EndpointSlices.
    static let endpoints = BuiltinKind(.endpoints, cells: EndpointsKind.cells, hooks: EndpointsKind.hooks)
}

private enum EndpointsKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Endpoints": { object, _ in .string(text(EndpointsView(object))) },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { EndpointRules.subsets($0.items("subsets"), FieldPath("subsets")) }
        hooks.validateUpdate = { object, old, _ in
            object["subsets"] == old["subsets"]
                ? [] : EndpointRules.subsets(object.items("subsets"), FieldPath("subsets"))
        }
        return hooks
    }()

    private static func text(_ endpoints: EndpointsView) -> String {
        if endpoints.subsets.isEmpty { return Cells.none }
        let places = endpoints.subsets.flatMap { subset -> [String] in
            if subset.ports.isEmpty { return subset.addresses.map(\.ip) }
            return subset.ports.flatMap { port in
                subset.addresses.map { address in
                    let host = address.ip.contains(":") ? "[\(address.ip)]" : address.ip
                    return "\(host):\(port.port ?? 0)"
                }
            }
        }
        return Cells.firstThree(places) ?? ""
    }
}
