using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>
/// The file of a batch's answers. A line is written at once when its answer is complete, so a process that is killed loses no answer. Opening the
/// file again keeps what succeeded and removes the rest: requests that failed, and a last line that was only half written.
/// </summary>
internal sealed class BatchOutput : IDisposable
{
    private readonly FileStream _lock;
    private readonly FileStream _file;
    private readonly HashSet<string> _answered;
    private readonly Lock _gate = new();

    private BatchOutput(FileStream held, FileStream file, HashSet<string> answered)
    {
        _lock = held;
        _file = file;
        _answered = answered;
    }

    /// <summary>Number of requests that the file answered when it was opened.</summary>
    public int AnsweredBefore => _answered.Count;

    /// <summary>Opens or creates the file, and mends it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ids">The id of the answer to each custom_id of the batch.</param>
    /// <exception cref="ModelException">The file holds something else, or answers to other requests.</exception>
    /// <exception cref="IOException">Another process writes the file, or it cannot be written.</exception>
    public static BatchOutput Open(string path, IReadOnlyDictionary<string, string> ids)
    {
        FileStream held = Hold(path);
        try
        {
            HashSet<string> answered = File.Exists(path) ? Mend(path, ids) : new(StringComparer.Ordinal);
            // Without a buffer, every line goes to the operating system in one piece.
            return new BatchOutput(held, new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0), answered);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file answered a request when it was opened.</summary>
    public bool HasAnswerTo(BatchRequest request) => _answered.Contains(request.CustomId);

    /// <summary>Appends an answer. Thread-safe.</summary>
    public void Append(BatchRequest request, BatchAnswer answer)
    {
        byte[] line = answer.ToLine(request);
        lock (_gate)
        {
            _file.Write(line);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    // The lock is a file of its own, because mending replaces the output. The operating system frees the lock of a process that was killed.
    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new IOException($"{path} is being written by another process.", e);
        }
    }

    /// <summary>Reads what the file answers, and writes it anew if it holds anything else.</summary>
    private static HashSet<string> Mend(string path, IReadOnlyDictionary<string, string> ids)
    {
        HashSet<string> answered = new(StringComparer.Ordinal);
        List<bool> kept = [];
        bool complete = EndsWithLineBreak(path);
        int number = 0, last = File.ReadLines(path).Count();
        foreach (string line in File.ReadLines(path))
        {
            number++;
            kept.Add(Keeps(line, mayBeHalf: number == last && !complete, $"{path}, line {number}", ids, answered));
        }

        if (complete && kept.TrueForAll(static keep => keep))
        {
            return answered;
        }

        string mended = path + ".mended";
        using (FileStream file = File.Create(mended))
        {
            using (StreamWriter writer = new(file, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" })
            {
                foreach ((string line, bool keep) in File.ReadLines(path).Zip(kept))
                {
                    if (keep)
                    {
                        writer.WriteLine(line);
                    }
                }
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(mended, path, overwrite: true);
        return answered;
    }

    private static bool EndsWithLineBreak(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length == 0)
        {
            return true;
        }

        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private static bool Keeps(string line, bool mayBeHalf, string where, IReadOnlyDictionary<string, string> ids, HashSet<string> answered)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, BatchJson.Parsing);
            JsonElement json = document.RootElement;
            string customId = json.GetProperty("custom_id").GetString()!, id = json.GetProperty("id").GetString()!;
            JsonElement response = json.GetProperty("response");
            bool succeeded = response.ValueKind == JsonValueKind.Object && response.GetProperty("status_code").GetInt32() is >= 200 and < 300;
            if (!ids.TryGetValue(customId, out string? expected) || (BatchRequest.IsDigest(id) && id != expected))
            {
                throw new ModelException(
                    $"{where}: this answers another request than the batch has under the custom_id '{customId}'. Name another file for the answers.");
            }

            return succeeded && answered.Add(customId);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return mayBeHalf && e is JsonException && BatchAnswer.MayBeginLine(line)
                ? false
                : throw new ModelException($"{where}: this is not an answer of a batch, so the file is left as it is. Name another file for the answers.", e);
        }
    }
}
