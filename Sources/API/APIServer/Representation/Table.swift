internal import ObjectModel
internal import Schema

extension Rendering {
    /// A metav1.Table of these objects. In a watch only the first event carries the columns.
    func table(metadata: Value, rows: [Value], withColumns: Bool) -> Value {
        guard case .table(let version, let included) = representation.shape else { return .null }
        let columns = kind.columns.isEmpty ? Self.defaultColumns : kind.columns
        return [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
            "columnDefinitions": withColumns ? .array(columns.map(Self.definition)) : .null,
            "rows": .array(rows.map { row($0, columns, version: version, included) }),
        ]
    }

    private func row(
        _ object: Value, _ columns: [TableColumn], version: String, _ included: Representation.Included
    ) -> Value {
        var row: Value = ["cells": .array(columns.map { $0.cell(object, now) })]
        switch included {
        case .none: row["object"] = .null
        case .metadata: row["object"] = Self.metadata(of: object, version: version)
        case .object: row["object"] = kind.shown(object)
        }
        return row
    }

    private static func definition(_ column: TableColumn) -> Value {
        [
            "name": .string(column.name), "type": .string(column.type), "format": .string(column.format),
            "description": .string(column.description), "priority": .integer(Int64(column.priority)),
        ]
    }

    private static let defaultColumns = [
        TableColumn(name: "Name", type: "string", format: "name") { object, _ in .string(object.name) },
        TableColumn(name: "Created At", type: "date") { object, _ in
            object["metadata"]?["creationTimestamp"] ?? .null
        },
    ]
}
