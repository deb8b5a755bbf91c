import Testing

@testable import NodeAgent

@Suite struct ImageReferenceTests {
    @Test(arguments: [
        "nginx", "nginx:1.25.4", "gcr.io/google_containers/nginx-slim:0.8", "localhost/pause:1", "10.0.0.1:5000/x",
        "tutum/dnsutils", "a/b_c/d__e/f--g/h.i:V_1.2-3", "REGISTRY.example/x", "[::1]:5000/x",
        "nginx@sha256:0123456789abcdef0123456789abcdef", "nginx:1@sha256:0123456789abcdef0123456789abcdef",
    ])
    func aNameIsTaken(_ name: String) { #expect(ImageReference.objection(to: name) == nil) }

    @Test(arguments: [
        "", " ", "nginx:", "nginx:-1", ":1", "a//b", "/a", "a/", "nginx image", "a..b", "a___b", "-a", "a_", "nginx@",
        "nginx@sha256:short", "host:port/x", "-host.io/x", "nginx:1:2", "ngin\u{e9}",
        "a:" + String(repeating: "x", count: 129),
    ])
    func otherTextIsMalformed(_ name: String) {
        #expect(ImageReference.objection(to: name) == "invalid reference format", "\(name)")
    }

    @Test func whatElseIsWrongIsTold() {
        #expect(
            ImageReference.objection(to: "NGINX")
                == "invalid reference format: repository name (library/NGINX) must be lowercase")
        let hex = String(repeating: "a1", count: 32)
        #expect(
            ImageReference.objection(to: hex)
                == "invalid repository name (\(hex)), cannot specify 64-byte hexadecimal strings")
        let long = Array(repeating: "a", count: 130).joined(separator: "/")
        #expect(ImageReference.objection(to: long) == "repository name must not be more than 255 characters")
    }
}
