using System.Text.RegularExpressions;
using HunyuanOrleans.Cli.CommandLine;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>A model on a hub, as users write it: OWNER/NAME or OWNER/NAME@REVISION.</summary>
/// <param name="Owner">The user or organisation that owns the model.</param>
/// <param name="Name">The model's name.</param>
/// <param name="Revision">A branch, tag or commit.</param>
internal sealed partial record HubReference(string Owner, string Name, string Revision)
{
    private const string DefaultRevision = "main";

    /// <summary>Owner and name, as they appear in addresses.</summary>
    public string Repository => $"{Owner}/{Name}";

    /// <summary>Parses a reference; without a revision it means the branch main.</summary>
    /// <exception cref="UsageException">The text has another form.</exception>
    public static HubReference Parse(string text)
    {
        Match match = Form().Match(text);
        return match.Success
            ? new(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3] is { Success: true, Value: string revision } ? revision : DefaultRevision)
            : throw new UsageException(
                $"'{text}' does not name a model on a hub; it must be OWNER/NAME or OWNER/NAME@REVISION, such as tencent/Hunyuan-A13B-Instruct@main.");
    }

    // The name becomes the name of a folder, so names such as .. are not allowed.
    [GeneratedRegex(@"^([A-Za-z0-9_][A-Za-z0-9_.-]*)/([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:@([A-Za-z0-9_][A-Za-z0-9_./-]*))?\z")]
    private static partial Regex Form();
}
