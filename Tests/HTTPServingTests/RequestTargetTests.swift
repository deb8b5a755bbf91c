import APIProtocol
import ClusterPKI
import Testing

@testable import HTTPCalling
@testable import HTTPServing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/api/v1/pods", "/api/v1/pods", []),
        ("/a%20b/%E2%82%AC?", "/a b/€", []),
        ("/a+b?x=1+2&y=%2B", "/a+b", ["x=1 2", "y=+"]),
        ("/a?x=1&x=2&flag", "/a", ["x=1", "x=2", "flag="]),
        ("/a?labelSelector=app%3Dweb%2Ctier%21%3Ddb", "/a", ["labelSelector=app=web,tier!=db"]),
        ("/a?bad=%zz&good=1&semi;colon=2", "/a", ["good=1"]),
        ("https://host:6443/api?x=%3F", "/api", ["x=?"]),
        ("http://host", "/", []),
        ("/a?next=http://b/", "/a", ["next=http://b/"]),
        ("*", "*", []),
    ])
    func targetsAreReadAsGoReadsThem(uri: String, path: String, query: [String]) throws {
        let target = try #require(RequestTarget(uri))
        #expect(target.path == path)
        #expect(target.parameters.map { "\($0.name)=\($0.value)" } == query)
    }

    @Test(arguments: ["/a%2", "/a%zz", "api", ""])
    func malformedPathsAreRefused(uri: String) { #expect(RequestTarget(uri) == nil) }

    @Test func whatTheClientWritesTheServerReads() throws {
        let path = "/api/v1/namespaces/ü/pods/a b%"
        let query = [(name: "fieldSelector", value: "metadata.name=a,b&c=d+e;f"), (name: "x", value: "")]
        let target = try #require(RequestTarget(URLText.target(path: path, query: query)))
        #expect(target.path == path)
        #expect(target.parameters.map(\.value) == query.map(\.value))
    }

    @Test(arguments: [
        ("Bearer abc", Optional("abc")), ("bearer  abc", "abc"), ("Bearer ", nil), ("Basic abc", nil), ("", nil),
    ])
    func onlyBearerTokensAreCredentials(header: String, token: String?) {
        #expect(Credentials.authorization(header) == token.map { .bearer($0) } ?? .none)
    }

    @Test func subjectsOfCertificatesAreRead() throws {
        let pem = try TestPKI().client.certificate
        let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        let der = try #require(Base64.decode(base64))
        let subject = try #require(SubjectName(certificate: der))
        #expect(subject.commonName == "system:node:n1")
        #expect(subject.organizations.sorted() == ["system:authenticated", "system:nodes"])
        for length in 0..<der.count where SubjectName(certificate: Array(der.prefix(length))) == subject {
            Issue.record("cut off at \(length) of \(der.count) bytes")
        }
    }
}
