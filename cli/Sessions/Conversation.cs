using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Conversations as users give them.</summary>
internal static class Conversation
{
    /// <summary>How a conversation begins: with the system message, or with nothing where it is empty.</summary>
    public static List<ChatMessage> Begin(string system) => system.Length == 0 ? [] : [ChatMessage.System(system)];

    /// <summary>A single question.</summary>
    public static List<ChatMessage> Question(string system, string user) => [.. Begin(system), ChatMessage.User(user)];

    /// <summary>Reads a JSON file with a list of messages, or an object whose "messages" is one.</summary>
    /// <exception cref="ModelException">The file holds something else.</exception>
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
