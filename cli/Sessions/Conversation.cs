using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Conversations as users give them.</summary>
internal static class Conversation
{
    /// <summary>The system message the published models were trained with.</summary>
    public const string DefaultSystem = "You are a helpful assistant.";

    /// <summary>How a conversation begins: with the system message, or with nothing where it is empty.</summary>
    public static List<ChatMessage> Begin(string system) => system.Length == 0 ? [] : [new ChatMessage("system", system)];

    /// <summary>A single question.</summary>
    public static List<ChatMessage> Question(string system, string user) => [.. Begin(system), new ChatMessage("user", user)];

    /// <summary>Reads a JSON file with a list of messages, or an object whose "messages" is one.</summary>
    /// <exception cref="ModelException">The file holds something else.</exception>
    public static List<ChatMessage> Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement list = json.RootElement;
            if (list.ValueKind == JsonValueKind.Object && list.TryGetProperty("messages", out JsonElement inner))
            {
                list = inner;
            }

            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            {
                throw new ModelException($"{path}: a list of messages [{{\"role\", \"content\"}}, …] is wanted.");
            }

            return [.. list.EnumerateArray().Select((message, i) => ReadMessage(message, $"{path}, message {i + 1}"))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelException($"{path}: not valid JSON ({e.Message})", e);
        }
    }

    private static ChatMessage ReadMessage(JsonElement message, string where) => new(Field(message, "role", where), Field(message, "content", where));

    private static string Field(JsonElement message, string name, string where) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new ModelException($"{where}: the text \"{name}\" is missing.");
}
