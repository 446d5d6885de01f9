using StackExchange.Redis;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>Reads the connection strings of Redis servers, for clients and silos alike.</summary>
internal static class RedisConfiguration
{
    /// <summary>The variable that redis-cli reads the password from, as psql reads PGPASSWORD.</summary>
    public const string PasswordVariable = "REDISCLI_AUTH";

    /// <summary>Reads a connection string. A password that it lacks comes from <see cref="PasswordVariable"/>.</summary>
    /// <exception cref="ArgumentException">It has an unknown keyword or a wrong value.</exception>
    public static ConfigurationOptions Parse(string connectionString)
    {
        ConfigurationOptions configuration = ConfigurationOptions.Parse(connectionString);
        configuration.Password ??= Environment.GetEnvironmentVariable(PasswordVariable);
        return configuration;
    }
}
