import ObjectModel
import Testing

@Suite struct EncodedLabelsTests {
    @Test func labelsAreFoundWhereverTheyStand() {
        let labels: Value = ["app": "we\"b", "tier": "{db}", "n": ""]
        let cases: [(Value, [String: String])] = [
            (["name": "a"], [:]), (["labels": labels], labels.stringMap),
            (["name": "a", "labels": labels, "uid": "u"], labels.stringMap),
            (["annotations": ["labels": "x", "k": "a\\\"b,{["], "labels": labels], labels.stringMap),
            (
                ["ownerReferences": [["labels": ["no": "no"], "controller": true], 5, .null], "labels": labels],
                labels.stringMap
            ),
            (["name": "a", "labels": [:]], [:]), (["generation": 3, "labels": labels], labels.stringMap),
        ]
        for (metadata, expected) in cases {
            let object: Value = ["kind": "K", "metadata": metadata, "spec": ["labels": ["other": "x"]]]
            #expect(EncodedObject(object).labels == expected, "\(JSON.text(metadata))")
        }
    }
}
