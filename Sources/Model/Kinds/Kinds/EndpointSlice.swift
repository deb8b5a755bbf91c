internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Some of the places where a Service is served.
    static let endpointSlice = BuiltinKind(
        .endpointSlices, cells: EndpointSliceKind.cells, hooks: EndpointSliceKind.hooks)
}

private enum EndpointSliceKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "AddressType": Cells.text("addressType"),
        "Ports": { object, _ in
            let ports = object.items("ports").map { port in
                port.number("port").map { String($0) } ?? port["name"]?.string ?? "*"
            }
            return .string(Cells.firstThree(ports) ?? "<unset>")
        },
        "Endpoints": { object, _ in
            .string(Cells.firstThree(object.items("endpoints").flatMap { $0.texts("addresses") }) ?? "<unset>")
        },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { EndpointRules.slice($0) }
        hooks.validateUpdate = { object, old, _ in
            EndpointRules.slice(object)
                + Rules.unchanged(object["addressType"], old["addressType"], FieldPath("addressType"))
        }
        return hooks
    }()
}
