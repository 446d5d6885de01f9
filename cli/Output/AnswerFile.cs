using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The file that gets the answers of a verb as a JSON object per line. Without a path, nothing is written.</summary>
/// <param name="path">The file. It is opened at once, so that a file that cannot be written fails before hours of work.</param>
internal sealed class AnswerFile(string? path) : IDisposable
{
    private readonly StreamWriter? _file = path is null ? null : new StreamWriter(path);

    /// <summary>Writes answers.</summary>
    /// <param name="answers">The answers, in the order of their lines.</param>
    /// <param name="type">How an answer is serialised. The JSON must not be indented.</param>
    public void Write<T>(IEnumerable<T> answers, JsonTypeInfo<T> type)
    {
        foreach (T answer in answers)
        {
            _file?.WriteLine(JsonSerializer.Serialize(answer, type));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
