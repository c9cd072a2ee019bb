import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A real Neo4j for tests, without Docker: `java -cp … Neo4jServer HOME CONFIGURATION`.
 * The first line of standard input is the password to set (empty: keep the one it has); the end of standard input (also the death of the
 * tests, however sudden) ends it at once; a line that says STOP ends it in order. Prints READY when it serves.
 */
class Neo4jServer {
    public static void main(String[] arguments) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        String password = input.readLine();
        if (password == null) {
            return;
        }
        CompletableFuture<DatabaseManagementService> started = new CompletableFuture<>();
        Thread watcher = new Thread(() -> {
            try {
                String line = input.readLine();
                while (line != null && !line.equals("STOP")) {
                    line = input.readLine();
                }
                if (line != null) {
                    started.get().shutdown();
                }
            } catch (Exception ended) { }
            Runtime.getRuntime().halt(0);  // an orderly end takes ten seconds, and mostly nothing is kept
        });
        watcher.setDaemon(true);
        watcher.start();
        DatabaseManagementService service = new DatabaseManagementServiceBuilder(Path.of(arguments[0]))
                .loadPropertiesFromFile(Path.of(arguments[1])).build();
        if (!password.isEmpty()) {
            service.database("system").executeTransactionally(
                    "ALTER USER neo4j SET PASSWORD '" + password + "' CHANGE NOT REQUIRED");
        }
        started.complete(service);
        System.out.println("READY");
        System.out.flush();
        Thread.currentThread().join();
    }
}
