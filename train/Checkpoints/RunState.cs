using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Train.Checkpoints;

/// <summary>
/// What a run needs to continue, besides weights and moments. The data position and all random numbers follow from the step and the settings, because both
/// are computed from the number of a micro-batch.
/// </summary>
public sealed class RunState
{
    private const int Version = 1;

    /// <summary>The last finished step.</summary>
    public int Step { get; set; }

    /// <summary>The lowest loss of an evaluation; null before the first.</summary>
    public double? BestLoss { get; set; }

    /// <summary>Losses of the finished steps.</summary>
    public List<(int Step, double Loss)> Losses { get; } = [];

    /// <summary>Losses of evaluations.</summary>
    public List<(int Step, double Loss)> Evaluations { get; } = [];

    /// <summary>The settings that decide what a step computes. A run continues only with the same.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Writes the state as JSON.</summary>
    public string Write() => IndentedJson.Write(json =>
    {
        json.WriteNumber("version", Version);
        json.WriteNumber("step", Step);
        if (BestLoss is { } best)
        {
            json.WriteNumber("best_loss", best);
        }

        json.WriteStartObject("settings");
        foreach ((string name, string value) in Settings)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        Write(json, "losses", Losses);
        Write(json, "evaluations", Evaluations);
    });

    /// <summary>Reads a state.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelException">It is no state of this version.</exception>
    public static RunState Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement root = json.RootElement;
            if (root.GetProperty("version").GetInt32() != Version)
            {
                throw new ModelException($"{path}: another version of this program wrote the checkpoint.");
            }

            RunState state = new()
            {
                Step = root.GetProperty("step").GetInt32(),
                BestLoss = root.TryGetProperty("best_loss", out JsonElement best) ? best.GetDouble() : null,
                Settings = root.GetProperty("settings").EnumerateObject().ToDictionary(static entry => entry.Name, static entry => entry.Value.GetString()!),
            };
            Read(root.GetProperty("losses"), state.Losses);
            Read(root.GetProperty("evaluations"), state.Evaluations);
            return state;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new ModelException($"{path}: not a checkpoint of a training run: {e.Message}", e);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, List<(int Step, double Loss)> points)
    {
        json.WriteStartArray(name);
        foreach ((int step, double loss) in points)
        {
            json.WriteStartArray();
            json.WriteNumberValue(step);
            json.WriteNumberValue(loss);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void Read(JsonElement json, List<(int Step, double Loss)> points)
    {
        foreach (JsonElement point in json.EnumerateArray())
        {
            points.Add((point[0].GetInt32(), point[1].GetDouble()));
        }
    }
}
