using System.Runtime.InteropServices;

namespace HunyuanOrleans.TestSupport;

/// <summary>Paths of test data and programs.</summary>
public static class TestPaths
{
    /// <summary>The folder that contains the solution file.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The program that runs these tests, for starting other assemblies.</summary>
    public static string Dotnet { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>The bundled demo model.</summary>
    public static string DemoModel => Path.Combine(Root, "demo-model");

    /// <summary>The reference data in the repository: models/, expected/ and rope/.</summary>
    public static string Data => Path.Combine(Root, "tests", "data");

    /// <summary>The folder of one of the small random models, <see cref="GoldenCase.Names"/>.</summary>
    public static string Model(string name) => Path.Combine(Data, "models", name);

    /// <summary>Reference data beside the checkout (vendor tokenizer cases); null if it is absent, in which case tests skip.</summary>
    public static string? SharedGolden => Existing(Path.Combine(Root, "..", "shared", "golden"));

    /// <summary>The 500-sentence accuracy set beside the checkout; null if it is absent.</summary>
    public static string? DemoEval => Existing(Path.Combine(Root, "..", "shared", "demo-eval"));

    private static string? Existing(string path) => Directory.Exists(path) ? Path.GetFullPath(path) : null;

    private static string FindRoot()
    {
        for (DirectoryInfo? dir = new(AppContext.BaseDirectory); dir is not null; dir = dir.Parent)
        {
            if (File.Exists(Path.Combine(dir.FullName, "HunyuanOrleans.sln")))
            {
                return dir.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No HunyuanOrleans.sln above {AppContext.BaseDirectory}.");
    }
}
