using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Train.Optimization;

namespace HunyuanOrleans.Train.Output;

/// <summary>A file with a JSON object for each step: step, loss, micro_losses, grad_norm, lr. A run that continues keeps the lines of earlier steps.</summary>
internal sealed class StepLog : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lastStep">The last step whose line is kept; 0 begins a new file.</param>
    /// <exception cref="ModelException">It cannot be written.</exception>
    public StepLog(string path, int lastStep)
    {
        try
        {
            string[] kept = lastStep > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => StepOf(line) is { } step && step <= lastStep)] : [];
            _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
            foreach (string line in kept)
            {
                _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }

            _file.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Adds a step. The line is in the file when the method returns.</summary>
    public void Write(StepResult result)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteNumber("step", result.Step);
            json.WriteNumber("loss", result.Loss);
            json.WriteStartArray("micro_losses");
            foreach (double loss in result.MicroLosses)
            {
                json.WriteNumberValue(loss);
            }

            json.WriteEndArray();
            json.WriteNumber("grad_norm", result.GradientNorm);
            json.WriteNumber("lr", result.LearningRate);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        _file.Write(line.GetBuffer(), 0, (int)line.Length);
        _file.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static int? StepOf(string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("step", out JsonElement step) && step.TryGetInt32(out int number) ? number : null;
        }
        catch (JsonException)
        {
            // The last line of a run that was killed may be incomplete.
            return null;
        }
    }
}
