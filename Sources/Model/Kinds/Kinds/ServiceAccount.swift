internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Who a pod is towards the API.
    static let serviceAccount = BuiltinKind(
        .serviceAccounts, subresources: ["token"], cells: ["Name": Cells.name, "Age": Cells.age])
}
