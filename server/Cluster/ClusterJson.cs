using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>Writes the parts of the response of /cluster. Ranges are arrays of the first and the last element, both inclusive.</summary>
internal static class ClusterJson
{
    /// <summary>Writes "model" and "plan".</summary>
    public static void WriteModel(Utf8JsonWriter writer, GeneratorInfo info, ClusterOverview? overview)
    {
        writer.WriteStartObject("model"u8);
        writer.WriteString("name"u8, info.ModelName);
        writer.WriteNumber("vocabulary"u8, info.VocabularySize);
        writer.WriteNumber("max_context"u8, info.MaxContext);
        writer.WriteNumber("layers"u8, overview?.Layers ?? 0);
        writer.WriteNumber("experts"u8, overview?.Experts ?? 0);
        writer.WriteNumber("experts_per_token"u8, overview?.ExpertsPerToken ?? 0);
        writer.WriteString("problem"u8, overview?.Readiness?.Problem);
        writer.WritePropertyName("loading"u8);
        ModelReadiness.WriteProgress(writer, overview?.Readiness);
        writer.WriteEndObject();
        writer.WriteStartObject("plan"u8);
        writer.WriteBoolean("single_process"u8, overview?.SingleProcess ?? false);
        writer.WriteNumber("version"u8, overview?.PlanVersion ?? 0);
        writer.WriteNumber("switches"u8, overview?.PlanChanges ?? 0);
        writer.WriteNumber("retries"u8, overview?.Retries ?? 0);
        writer.WriteEndObject();
    }

    /// <summary>Writes "engine".</summary>
    public static void WriteEngine(Utf8JsonWriter writer, in EngineStatistics engine)
    {
        writer.WriteStartObject("engine"u8);
        writer.WriteNumber("waiting"u8, engine.Waiting);
        writer.WriteNumber("running"u8, engine.Running);
        writer.WriteStartObject("kv_blocks"u8);
        writer.WriteNumber("total"u8, engine.KvBlocks);
        writer.WriteNumber("used"u8, engine.KvUsed);
        writer.WriteNumber("cached"u8, engine.KvCached);
        writer.WriteNumber("free"u8, engine.KvFree);
        writer.WriteEndObject();
        writer.WriteNumber("steps"u8, engine.Steps);
        writer.WriteNumber("prompt_tokens"u8, engine.PromptTokens);
        writer.WriteNumber("cached_prompt_tokens"u8, engine.CachedPromptTokens);
        writer.WriteNumber("answer_tokens"u8, engine.AnswerTokens);
        writer.WriteNumber("preemptions"u8, engine.Preemptions);
        writer.WriteNumber("replays"u8, engine.Replays);
        writer.WriteNumber("evictions"u8, engine.Evictions);
        writer.WriteNumber("finished"u8, engine.Finished);
        writer.WriteNumber("cancelled"u8, engine.Cancelled);
        writer.WriteNumber("failed"u8, engine.Failed);
        writer.WriteEndObject();
    }

    /// <summary>Writes "silos".</summary>
    public static void WriteSilos(Utf8JsonWriter writer, ClusterOverview? overview)
    {
        writer.WriteStartArray("silos"u8);
        foreach (SiloOverview silo in overview?.Silos ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, silo.Name);
            writer.WriteString("state"u8, State(silo));
            if (silo.LeftOut is { } reason)
            {
                writer.WriteString("reason"u8, reason);
            }

            writer.WriteBoolean("home"u8, silo.RunsScheduler);
            writer.WriteNumber("weight_bytes"u8, silo.WeightBytes);
            writer.WriteNumber("kv_bytes"u8, silo.KvBytes);
            WriteCount(writer, "sessions", silo.Sessions);
            WriteCount(writer, "steps", silo.Steps);
            WriteHoldings(writer, silo);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ReadOnlySpan<byte> State(SiloOverview silo) =>
        silo.Unreachable ? "silent"u8 : silo.Leaving ? "leaving"u8 : silo.LeftOut is not null ? "left_out"u8 : silo.BytesLeft > 0 ? "loading"u8 : "ready"u8;

    /// <summary>Writes "experts": for each layer with experts, the tokens routed to each of them; no layers if the tokens are not counted.</summary>
    public static void WriteExperts(Utf8JsonWriter writer, ClusterOverview? overview)
    {
        writer.WriteStartObject("experts"u8);
        int experts = overview?.Experts ?? 0;
        int rows = overview is null || experts <= 1 ? 0 : overview.ExpertTokens.Count / experts;
        int first = overview?.FirstExpertLayer ?? 0;
        writer.WriteNumber("first_layer"u8, first);
        writer.WriteStartArray("tokens"u8);
        for (int layer = first; layer < rows; layer++)
        {
            writer.WriteStartArray();
            for (int e = 0; e < experts; e++)
            {
                writer.WriteNumberValue(overview!.ExpertTokens[(layer * experts) + e]);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteHoldings(Utf8JsonWriter writer, SiloOverview silo)
    {
        writer.WriteStartArray("layers"u8);
        foreach (LayerRange range in silo.Layers)
        {
            WriteRange(writer, range.FirstLayer, range.LastLayer);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("experts"u8);
        foreach (ExpertRange range in silo.Experts)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("layers"u8);
            WriteRange(writer, range.FirstLayer, range.LastLayer);
            writer.WritePropertyName("experts"u8);
            WriteRange(writer, range.FirstExpert, range.LastExpert);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRange(Utf8JsonWriter writer, int first, int last)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(first);
        writer.WriteNumberValue(last);
        writer.WriteEndArray();
    }

    private static void WriteCount(Utf8JsonWriter writer, string name, long? count)
    {
        if (count is long number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
