using System.Text.RegularExpressions;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>The stages of k8s/Dockerfile.</summary>
internal sealed partial class Dockerfile
{
    private Dockerfile(IReadOnlyList<(string Name, string From, IReadOnlyList<string> Lines)> stages) => Stages = stages;

    /// <summary>Each stage with its base image and its instructions. Continued lines are joined.</summary>
    public IReadOnlyList<(string Name, string From, IReadOnlyList<string> Lines)> Stages { get; }

    /// <summary>The arguments of each dotnet publish.</summary>
    public IReadOnlyList<string[]> Publishes =>
    [
        .. Stages.SelectMany(static stage => stage.Lines).SelectMany(static line => Publish().Matches(line))
            .Select(static match => match.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    public static Dockerfile Read()
    {
        string text = File.ReadAllText(Path.Combine(Manifests.Folder, "Dockerfile")).Replace("\\\n", " ", StringComparison.Ordinal);
        List<(string, string, IReadOnlyList<string>)> stages = [];
        List<string> lines = [];
        foreach (string line in text.Split('\n').Where(static l => l.Length > 0 && l[0] != '#'))
        {
            if (From().Match(line) is { Success: true } from)
            {
                lines = [];
                stages.Add((from.Groups[2].Value, from.Groups[1].Value, lines));
            }
            else
            {
                lines.Add(line);
            }
        }

        return new(stages);
    }

    [GeneratedRegex(@"^FROM (\S+) AS (\S+)$")]
    private static partial Regex From();

    [GeneratedRegex(@"dotnet publish ([^&]+)")]
    private static partial Regex Publish();
}
