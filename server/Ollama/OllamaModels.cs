using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Server.Ollama;

/// <summary>Describes the served model as Ollama does.</summary>
internal static class OllamaModels
{
    /// <summary>The tag of a model that is named without one.</summary>
    public const string Tag = ":latest";

    private const string Family = "hunyuan";

    /// <summary>Writes the list of models: the served one and its adapters.</summary>
    public static void WriteList(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        WriteEntry(json, model);
        foreach (AdapterInfo adapter in model.Adapters?.Adapters ?? [])
        {
            WriteEntry(json, model.With(adapter));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the description of the model.</summary>
    /// <param name="json">Receives the description.</param>
    /// <param name="model">The model.</param>
    /// <param name="reasons">Whether it reasons.</param>
    public static void Write(Utf8JsonWriter json, ServedModel model, bool reasons)
    {
        json.WriteStartObject();
        json.WriteString("template"u8, model.Chat?.Template.Source ?? "");
        WriteModified(json, model);
        WriteDetails(json);
        json.WriteStartObject("model_info"u8);
        json.WriteString("general.architecture"u8, Family);
        json.WriteString("general.basename"u8, model.Name);
        json.WriteNumber("hunyuan.context_length"u8, model.Generator.Info.MaxContext);
        json.WriteNumber("hunyuan.vocab_size"u8, model.Generator.Info.VocabularySize);
        json.WriteEndObject();
        json.WriteStartArray("capabilities"u8);
        json.WriteStringValue("completion"u8);
        if (model.Chat is not null)
        {
            json.WriteStringValue("tools"u8);
        }

        if (reasons)
        {
            json.WriteStringValue("thinking"u8);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, model.Name + Tag);
        json.WriteString("model"u8, model.Name + Tag);
        WriteModified(json, model);
        WriteDetails(json);
        json.WriteEndObject();
    }

    private static void WriteModified(Utf8JsonWriter json, ServedModel model) =>
        json.WriteString("modified_at"u8, DateTimeOffset.FromUnixTimeSeconds(model.Created).UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    private static void WriteDetails(Utf8JsonWriter json)
    {
        json.WriteStartObject("details"u8);
        json.WriteString("format"u8, "safetensors"u8);
        json.WriteString("family"u8, Family);
        json.WriteStartArray("families"u8);
        json.WriteStringValue(Family);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
