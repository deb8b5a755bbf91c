import Foundation
import Testing

@Suite struct TidyTests {
    @Test func theTreeIsFound() {
        #expect(SourceTree.sources.count > 50)
        #expect(SourceTree.layers.count > 20)
        #expect(SourceTree.layers.first == "CatalogData")
    }

    @Test func everyFolderOfSourcesIsALayer() {
        let unknown = Set(SourceTree.sources.map(\.target)).subtracting(SourceTree.layers)
        #expect(unknown.isEmpty)
    }

    @Test func importsPointDown() {
        var findings: [Finding] = []
        for file in SourceTree.sources {
            guard let own = SourceTree.layers.firstIndex(of: file.target) else { continue }
            for (number, text) in file.code {
                guard let module = Self.importedModule(text), let other = SourceTree.layers.firstIndex(of: module),
                    other >= own
                else { continue }
                findings.append(Finding(file: file.path, line: number, what: "\(file.target) imports \(module)"))
            }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func importsStateTheirAccess() {
        let findings = SourceTree.sources.filter { !$0.isGenerated }.flatMap { file in
            file.code.filter { $0.text.hasPrefix("import ") || $0.text.hasPrefix("public import") }
                .map { Finding(file: file.path, line: $0.number, what: "a bare or public import") }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func nioAndGRPCStayInTheirTargets() {
        let allowed: Set = [
            "HTTPServing", "HTTPCalling", "CRIRuntime", "Probing", "ClusterDNS",
        ]
        let findings = SourceTree.sources.filter { !allowed.contains($0.target) }.flatMap { file in
            file.code.filter {
                Self.importedModule($0.text).map { $0.hasPrefix("NIO") || $0.hasPrefix("GRPC") } ?? false
            }
            .map { Finding(file: file.path, line: $0.number, what: "NIO or gRPC outside its targets") }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func filesAndFunctionsAreShort() {
        var findings: [Finding] = []
        for file in SourceTree.sources where !file.isGenerated {
            if file.lines.count > 601 {
                findings.append(Finding(file: file.path, line: 1, what: "\(file.lines.count) lines"))
            }
            findings += Functions.longerThan(70, in: file)
        }
        for file in SourceTree.tests where file.lines.count > 801 {
            findings.append(Finding(file: file.path, line: 1, what: "\(file.lines.count) lines"))
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func bannedCallsDoNotOccur() {
        let banned = [
            "fatalError(", "preconditionFailure(", "try!", " as! ", "Task.detached", "nonisolated(unsafe)",
            "DispatchQueue", "Thread.sleep", "NSLock", "ObservableObject",
        ]
        var findings = SourceTree.sources.filter { !$0.isGenerated }.flatMap { file in
            file.code.flatMap { line in
                banned.filter { line.text.contains($0) }
                    .map { Finding(file: file.path, line: line.number, what: $0) }
            }
        }
        // A why-comment directly above allows the one use that Swift leaves no other way for.
        for file in SourceTree.sources where !file.isGenerated {
            for (number, text) in file.code where text.contains("@unchecked Sendable") || Self.isLooseTask(text) {
                let above = file.lines[max(0, number - 4)..<(number - 1)].joined(separator: "\n")
                if !above.contains("//") {
                    findings.append(Finding(file: file.path, line: number, what: "\(text) without a why-comment"))
                }
            }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func onlyProgramsPrint() {
        let programs: Set = ["CommandLine", "ordinal-simulate", "ordinal-cri-bench"]
        let findings = SourceTree.sources.filter { !programs.contains($0.target) && !$0.isGenerated }.flatMap { file in
            file.code.filter { $0.text.contains(#/(^|[^A-Za-z.])print\(/#) }
                .map { Finding(file: file.path, line: $0.number, what: "print") }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func genericTargetsNameNoKind() {
        let generic: Set = [
            "ObjectModel", "Schema", "ObjectStorage", "SQLiteStorage", "APIServer", "ControllerRuntime", "HTTPServing",
            "HTTPCalling",
        ]
        let kinds =
            #/
            \b(StatefulSets?|statefulsets?|Deployments?|deployments|ReplicaSets?|ConfigMaps?|configmaps|ServiceAccounts?
            |serviceaccounts|PersistentVolume\w*|persistentvolume\w*|EndpointSlices?|endpointslices
            |ControllerRevisions?|controllerrevisions|StorageClass\w*|storageclasses|Pods?|pods)\b
            /#
        let findings = SourceTree.sources.filter { generic.contains($0.target) }.flatMap { file in
            file.code.filter { $0.text.firstMatch(of: kinds) != nil && !$0.text.contains("import ") }
                .map { Finding(file: file.path, line: $0.number, what: $0.text.trimmingCharacters(in: .whitespaces)) }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func packageDeclarationsAreDocumented() {
        var findings: [Finding] = []
        for file in SourceTree.sources where !file.isGenerated {
            for (offset, line) in file.lines.enumerated() where Declarations.needsDocumentation(line) {
                if !Declarations.isDocumented(file.lines, at: offset) {
                    findings.append(
                        Finding(file: file.path, line: offset + 1, what: line.trimmingCharacters(in: .whitespaces)))
                }
            }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func nothingIsLeftForLater() {
        let marks = #/\b(TODO|FIXME|XXX|HACK)\b|not implemented|unimplemented/#
        let findings = (SourceTree.sources + SourceTree.tests)
            .filter { !$0.path.contains("TidyTests") && !$0.isGenerated }.flatMap { file in
                file.lines.enumerated().filter { $0.element.firstMatch(of: marks) != nil }
                    .map { Finding(file: file.path, line: $0.offset + 1, what: $0.element) }
            }
        #expect(findings.isEmpty, "\(report(findings))")
        #expect(!SourceTree.sources.contains { $0.path.contains("Placeholder") })
    }

    @Test func testsDoNotSleep() {
        let sleeps = #/\b(sleep|usleep|Task\.sleep)\(/#
        let findings = SourceTree.tests
            .filter { !$0.path.contains("EndToEnd") && !$0.path.contains("TidyTests") }.flatMap { file in
                file.code.filter { $0.text.firstMatch(of: sleeps) != nil }
                    .map { Finding(file: file.path, line: $0.number, what: "sleep in a test") }
            }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func controllersReadThroughIndices() {
        let findings = SourceTree.sources.filter { $0.target == "Controllers" }.flatMap { file in
            file.code.filter { $0.text.contains(".allObjects") }
                .map { Finding(file: file.path, line: $0.number, what: "a full scan of a cache") }
        }
        #expect(findings.isEmpty, "\(report(findings))")
    }

    @Test func documentsExistAndStayShort() {
        for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/testing.md"] {
            #expect(!SourceTree.text(name).isEmpty, "\(name)")
        }
        #expect(SourceTree.text("ARCHITECTURE.md").components(separatedBy: "\n").count <= 201)
    }

    private static func importedModule(_ text: String) -> String? {
        let words = text.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 1, words.count > position + 1 else {
            return nil
        }
        let name = words[position + 1] == "struct" || words[position + 1] == "class" ? words.last : words[position + 1]
        return name.map { String($0.split(separator: ".")[0]) }
    }

    private static func isLooseTask(_ text: String) -> Bool {
        text.contains(#/(^|[^A-Za-z.])Task\s*(\(priority:[^)]*\)\s*)?\{/#)
    }
}
