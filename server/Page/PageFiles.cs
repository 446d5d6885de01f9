using System.Reflection;
using System.Security.Cryptography;

namespace HunyuanOrleans.Server.Page;

/// <summary>The files of the chat page, embedded in this assembly. They are small and stay in memory.</summary>
internal sealed class PageFiles
{
    private const string Prefix = "page/";
    private const int TagBytes = 12;

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".webmanifest"] = "application/manifest+json",
    };

    /// <summary>Reads all files.</summary>
    public PageFiles()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        All = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    /// <summary>The files by name.</summary>
    public IReadOnlyDictionary<string, PageFile> All { get; }

    private static PageFile Read(Assembly assembly, string name)
    {
        using Stream stream = assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, TagBytes))}\"";
        return new PageFile(content, Types[Path.GetExtension(name)], tag);
    }
}
