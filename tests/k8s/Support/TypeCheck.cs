using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>
/// Writes objects as typed TypeScript literals, in which the compiler finds unknown and missing fields and wrong types. The types come from the package
/// kubernetes-types.
/// </summary>
internal static partial class TypeCheck
{
    private const string Kubernetes = "1.30.0", TypeScript = "5.9.3";

    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true };

    /// <summary>Returns the compiler's errors, or nothing if all objects are right. Skips the test without node and npm.</summary>
    public static string Problems(IEnumerable<(string Name, string Type, JsonNode Json)> literals)
    {
        string tools = Install();
        string folder = Directory.CreateTempSubdirectory("hunyuan-k8s-").FullName;
        try
        {
            File.Copy(Path.Combine(TestPaths.Root, "tests", "k8s", "Support", "crds.d.ts"), Path.Combine(folder, "crds.d.ts"));
            Directory.CreateSymbolicLink(Path.Combine(folder, "node_modules"), Path.Combine(tools, "node_modules"));
            int number = 0;
            foreach ((string name, string type, JsonNode json) in literals)
            {
                // The compiler's messages begin with the file's name.
                string file = $"{number++:000}-{Unsafe().Replace(name, "-")}.ts";
                File.WriteAllText(Path.Combine(folder, file), $"const value: {type} = {json.ToJsonString(Pretty)};\nexport default value;\n");
            }

            File.WriteAllText(Path.Combine(folder, "tsconfig.json"),
                """{"compilerOptions":{"strict":true,"noEmit":true,"skipLibCheck":true,"types":[],"module":"commonjs","moduleResolution":"node","preserveSymlinks":true},"include":["*.ts"]}""");
            (int code, string output) = ExternalTool.Run(
                "node", folder, "types are not checked.", Path.Combine("node_modules", "typescript", "bin", "tsc"), "-p", ".", "--pretty", "false");
            return code == 0 ? "" : output;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The TypeScript type of an object's kind.</summary>
    public static string Type(string api, string kind)
    {
        string[] parts = api.Split('/');
        string module = parts switch
        {
            ["v1"] => "kubernetes-types/core/v1",
            ["monitoring.coreos.com", _] or ["kustomize.config.k8s.io", _] => "./crds",
            [var group, var version] => $"kubernetes-types/{group.Split('.')[0]}/{version}",
            _ => throw new InvalidDataException($"'{api}' is not an apiVersion."),
        };
        return $"import(\"{module}\").{(kind == "Component" ? "Kustomization" : kind)}";
    }

    /// <summary>The TypeScript type of a patch of a type.</summary>
    public static string PatchOf(string type) => $"import(\"./crds\").Patch<{type}>";

    private static string Install()
    {
        string folder = Path.Combine(TestPaths.Root, "artifacts", $"k8s-npm-{Kubernetes}-{TypeScript}");
        if (!File.Exists(Path.Combine(folder, "node_modules", "typescript", "package.json")))
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "package.json"), """{"private":true}""");
            (int code, string output) = ExternalTool.Run(
                "npm", folder, "types are not checked.", "install", "--no-audit", "--no-fund", $"kubernetes-types@{Kubernetes}", $"typescript@{TypeScript}");
            Skip.If(code != 0, "npm could not install the types of Kubernetes, so types are not checked: " + output);
        }

        return folder;
    }

    [GeneratedRegex("[^A-Za-z0-9]+")]
    private static partial Regex Unsafe();
}
