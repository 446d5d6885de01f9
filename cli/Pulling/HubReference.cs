using System.Text.RegularExpressions;
using HunyuanOrleans.Cli.CommandLine;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A model on a hub, as users write it: OWNER/NAME or OWNER/NAME@REVISION.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Branch, tag or commit.</param>
internal sealed partial record HubReference(string Owner, string Name, string Revision)
{
    private const string DefaultRevision = "main";

    /// <summary>Owner and name as in addresses.</summary>
    public string Repository => $"{Owner}/{Name}";

    /// <summary>Reads one.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static HubReference Parse(string text)
    {
        Match match = Form().Match(text);
        return match.Success
            ? new(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3] is { Success: true, Value: string revision } ? revision : DefaultRevision)
            : throw new UsageException(
                $"'{text}' is no model on a hub; it must be OWNER/NAME or OWNER/NAME@REVISION, such as tencent/Hunyuan-A13B-Instruct@main.");
    }

    // The name becomes a folder, so it is none that means another one.
    [GeneratedRegex(@"^([A-Za-z0-9_][A-Za-z0-9_.-]*)/([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:@([A-Za-z0-9_][A-Za-z0-9_./-]*))?\z")]
    private static partial Regex Form();
}
