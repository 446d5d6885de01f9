using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Creates and reads conversations.</summary>
internal static class Conversation
{
    /// <summary>A new conversation with the system message, or without messages if it is empty.</summary>
    public static List<ChatMessage> Begin(string system) => system.Length == 0 ? [] : [ChatMessage.System(system)];

    /// <summary>A conversation with a single question.</summary>
    public static List<ChatMessage> Question(string system, string user) => [.. Begin(system), ChatMessage.User(user)];

    /// <summary>Reads a JSON file with a list of messages, or with an object whose field "messages" is such a list.</summary>
    /// <exception cref="ModelException">The file has another form.</exception>
    public static IReadOnlyList<ChatMessage> Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement root = json.RootElement;
            bool wrapped = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("messages", out _);
            return ChatMessage.ListFromJson(wrapped ? root.GetProperty("messages") : root);
        }
        catch (JsonException e)
        {
            throw new ModelException($"{path}: not valid JSON ({e.Message})", e);
        }
        catch (TextException e)
        {
            throw new ModelException($"{path}: {e.Message}", e);
        }
    }
}
