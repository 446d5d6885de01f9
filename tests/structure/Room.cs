using System.Text.RegularExpressions;
using System.Xml.Linq;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Structure.Tests;

/// <summary>One project of the product: its folder, the rooms it refers to, and the namespaces its source files use.</summary>
/// <param name="Name">Name of the folder.</param>
internal sealed partial record Room(string Name)
{
    /// <summary>All rooms, from the folders of the repository that hold a project.</summary>
    public static Room[] All { get; } =
    [
        .. Directory.GetDirectories(TestPaths.Root)
            .Where(static folder => Directory.GetFiles(folder, "*.csproj").Length == 1)
            .Select(static folder => new Room(Path.GetFileName(folder)))
            .OrderBy(static room => room.Name, StringComparer.Ordinal),
    ];

    private string Folder => Path.Combine(TestPaths.Root, Name);

    /// <summary>Names of the rooms that the project refers to.</summary>
    public string[] References =>
    [
        .. XDocument.Load(Directory.GetFiles(Folder, "*.csproj").Single()).Descendants("ProjectReference")
            .Select(static reference => Path.GetFileName(Path.GetDirectoryName(reference.Attribute("Include")!.Value))!),
    ];

    /// <summary>The folder and the folders in it, without outputs, as paths from the root.</summary>
    public IEnumerable<string> Folders => Directory.GetDirectories(Folder).Select(static folder => Path.GetFileName(folder))
        .Where(static name => name is not ("bin" or "obj" or "TestResults")).Select(name => $"{Name}/{name}").Prepend(Name);

    /// <summary>The source files, without generated ones.</summary>
    public IEnumerable<string> Sources => Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Folder, file).Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"));

    /// <summary>Every namespace that a file uses, by its own using directives or by a qualified name.</summary>
    public static IEnumerable<string> NamespacesOf(string file) => Used().Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value);

    [GeneratedRegex(@"^\s*(?:global )?using (?:static )?(?:\w+ = )?((?:HunyuanOrleans|Orleans)(?:\.\w+)*);|\b(HunyuanOrleans\.\w+)\.", RegexOptions.Multiline)]
    private static partial Regex Used();
}
